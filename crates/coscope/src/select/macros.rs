//! The macros: they take the arms apart, and bind what was chosen before they match it, so that all losers and temporaries have
//! gone by then. The select is pinned where it is made: awaited by value, all its clauses are copied twice more.

/// Waits for the first of several clauses, and runs its arm. Where several could be first, the one that is listed first wins.
///
/// ```
/// use coscope::{channel::channel, run_blocking, select};
///
/// run_blocking(async |_: coscope::Scope| {
///     let (a, from_a) = channel(4);
///     let (b, from_b) = channel(4);
///     a.send("a").await.unwrap();
///     b.send("b").await.unwrap();
///     for expected in ["a", "b"] {
///         let got = select! {
///             got = from_a.recv() => got,
///             got = from_b.recv() => got,
///         };
///         assert_eq!(got, Ok(expected));
///     }
/// });
/// ```
///
/// An arm is `pattern = clause => expression,`. The pattern must always match: where a channel can end, the arm sees the `Err`. Arms run
/// in the function around, so that `?`, `break`, `return` and `.await` mean what they mean there.
///
/// What is a clause, and what becomes of the losers: see [the module](mod@crate::select).
#[macro_export]
macro_rules! select {
    ($($arms:tt)*) => { $crate::__select!((in_order) [] $($arms)*) };
}

/// As [`select!`], but where several clauses could be first any of them wins.
///
/// ```
/// use coscope::{channel::channel, run_blocking, select_unbiased};
///
/// run_blocking(async |_: coscope::Scope| {
///     let (tx, rx) = channel(1000);
///     let (other, other_rx) = channel(1000);
///     for _ in 0..1000 {
///         tx.send(()).await.unwrap();
///         other.send(()).await.unwrap();
///     }
///     let mut count = 0;
///     for _ in 0..1000 {
///         select_unbiased! {
///             _ = rx.recv() => count += 1,
///             _ = other_rx.recv() => {}
///         }
///     }
///     assert!((300..700).contains(&count));
/// });
/// ```
#[macro_export]
macro_rules! select_unbiased {
    ($($arms:tt)*) => { $crate::__select!((unbiased) [] $($arms)*) };
}

/// [`select!`]s again and again, until an arm gives `false`.
///
/// ```
/// use coscope::{channel::channel, run_blocking, while_select};
///
/// run_blocking(async |s: coscope::Scope| {
///     let (tx, rx) = channel(0);
///     s.launch(async move {
///         for x in 1..=4 {
///             tx.send(x).await.unwrap();
///         }
///     });
///     let mut sum = 0;
///     while_select! {
///         got = rx.recv() => match got {
///             Ok(x) => { sum += x; true }
///             Err(_) => false,
///         }
///     }
///     assert_eq!(sum, 10);
/// });
/// ```
#[macro_export]
macro_rules! while_select {
    ($($arms:tt)*) => { while $crate::select! { $($arms)* } {} };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    // arms, one by one
    ($order:tt [$($done:tt)*] else => $($rest:tt)*) => {
        ::std::compile_error!("a select has no `else`: it waits. To look without waiting there are `try_recv` and `try_send`")
    };
    ($order:tt [$($done:tt)*] default => $($rest:tt)*) => {
        ::std::compile_error!("a select has no `default`: it waits. To look without waiting there are `try_recv` and `try_send`")
    };
    ($order:tt [$($done:tt)*] $pattern:pat = $clause:expr, if $($rest:tt)*) => {
        ::std::compile_error!("an arm of a select has no `if`: write the select without that arm, or add the clause to a `Select` only then")
    };
    ($order:tt [$($done:tt)*] $pattern:pat = $clause:expr => $body:block, $($rest:tt)*) => {
        $crate::__select!($order [$($done)* { ($pattern) ($clause) ($body) }] $($rest)*)
    };
    ($order:tt [$($done:tt)*] $pattern:pat = $clause:expr => $body:block $($rest:tt)*) => {
        $crate::__select!($order [$($done)* { ($pattern) ($clause) ($body) }] $($rest)*)
    };
    ($order:tt [$($done:tt)*] $pattern:pat = $clause:expr => $body:expr, $($rest:tt)*) => {
        $crate::__select!($order [$($done)* { ($pattern) ($clause) ($body) }] $($rest)*)
    };
    ($order:tt [$($done:tt)*] $pattern:pat = $clause:expr => $body:expr) => {
        $crate::__select!($order [$($done)* { ($pattern) ($clause) ($body) }])
    };
    // nothing is left
    ($order:tt []) => {
        ::std::compile_error!("a select of nothing would wait for ever: an arm is `pattern = clause => expression,`")
    };
    (($order:ident) [$({ ($pattern:pat) ($clause:expr) ($body:expr) })+]) => {{
        let chosen = {
            #[allow(unused_imports)]
            use $crate::select::private::{AsByRef as _, AsClause as _, AsFuture as _, AsNeither as _};
            ::std::pin::pin!($crate::select::private::select_in(
                $crate::__select_order!($order $($pattern)+),
                $crate::__select_list!($($clause,)+),
            ))
            .await
        };
        $crate::__select_match!(chosen; $({ ($pattern) ($body) })+)
    }};
    ($order:tt [$($done:tt)*] $($rest:tt)+) => {
        ::std::compile_error!("an arm of a select is `pattern = clause => expression,`")
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __select_order {
    (in_order $($arm:pat)+) => { $crate::select::private::Order { first: 0, backwards: false } };
    (unbiased $($arm:pat)+) => { $crate::select::private::random_order([$(::std::stringify!($arm)),+].len()) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __select_list {
    ($a:expr,) => { $crate::select::private::One { a: $crate::__select_clause!($a) } };
    ($a:expr, $b:expr,) => { $crate::select::private::Two { a: $crate::__select_clause!($a), b: $crate::__select_clause!($b) } };
    ($a:expr, $b:expr, $c:expr,) => { $crate::select::private::Three { a: $crate::__select_clause!($a), b: $crate::__select_clause!($b), c: $crate::__select_clause!($c) } };
    ($a:expr, $b:expr, $c:expr, $d:expr,) => { $crate::select::private::Four { a: $crate::__select_clause!($a), b: $crate::__select_clause!($b), c: $crate::__select_clause!($c), d: $crate::__select_clause!($d) } };
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr,) => { $crate::select::private::Five { a: $crate::__select_clause!($a), b: $crate::__select_clause!($b), c: $crate::__select_clause!($c), d: $crate::__select_clause!($d), e: $crate::__select_clause!($e) } };
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr,) => { $crate::select::private::Six { a: $crate::__select_clause!($a), b: $crate::__select_clause!($b), c: $crate::__select_clause!($c), d: $crate::__select_clause!($d), e: $crate::__select_clause!($e), f: $crate::__select_clause!($f) } };
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr, $g:expr,) => { $crate::select::private::Seven { a: $crate::__select_clause!($a), b: $crate::__select_clause!($b), c: $crate::__select_clause!($c), d: $crate::__select_clause!($d), e: $crate::__select_clause!($e), f: $crate::__select_clause!($f), g: $crate::__select_clause!($g) } };
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr, $g:expr, $h:expr,) => { $crate::select::private::Eight { a: $crate::__select_clause!($a), b: $crate::__select_clause!($b), c: $crate::__select_clause!($c), d: $crate::__select_clause!($d), e: $crate::__select_clause!($e), f: $crate::__select_clause!($f), g: $crate::__select_clause!($g), h: $crate::__select_clause!($h) } };
    ($clause:expr, $($rest:tt)*) => {
        $crate::select::private::Pair::new($crate::__select_clause!($clause), $crate::__select_list!($($rest)*))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __select_clause {
    ($clause:expr) => {
        $crate::select::private::pick($clause, |clause| (&&&&$crate::select::private::Tag::of(clause)).kind())
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __select_match {
    ($chosen:expr; { ($pattern:pat) ($body:expr) }) => {
        match $chosen {
            $crate::select::private::Either::This(chosen) => {
                let $pattern = chosen;
                $body
            }
            $crate::select::private::Either::Behind(nothing) => match nothing {},
        }
    };
    ($chosen:expr; { ($pattern:pat) ($body:expr) } $($rest:tt)+) => {
        match $chosen {
            $crate::select::private::Either::This(chosen) => {
                let $pattern = chosen;
                $body
            }
            $crate::select::private::Either::Behind(chosen) => $crate::__select_match!(chosen; $($rest)+),
        }
    };
}
