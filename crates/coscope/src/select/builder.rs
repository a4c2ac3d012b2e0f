//! [`Select`], [`any_of`]: selects whose clauses are made up at run time. Imports `selecting`.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use coscope_core::Branch;
use coscope_core::wait::{Clause, Clauses, Order, Places, Row, Turn};
use pin_project_lite::pin_project;

use super::selecting::{Selecting, random_order, select_in};

/// A select whose clauses are made up at run time; each with what is to be made of what it gives.
///
/// ```
/// use coscope::{channel::channel, delay, run_blocking, select::Select};
/// use std::time::Duration;
///
/// run_blocking(async |_: coscope::Scope| {
///     let (tx, rx) = channel(1);
///     tx.send(7).await.unwrap();
///     let mut select = Select::new().on(rx.recv(), |got| got.ok());
///     if rx.capacity().is_some() {
///         select = select.on(delay(Duration::from_secs(1)), |()| None);
///     }
///     assert_eq!(select.await, Some(7));
/// });
/// ```
///
/// # Cancellation
/// See [the module](mod@crate::select).
///
/// # Panics
/// If it is awaited without a clause: it would wait for ever.
#[must_use = "a select chooses only when it is awaited"]
pub struct Select<'a, R> {
    clauses: Vec<AnyClause<'a, R>>,
    unbiased: bool,
}

type AnyClause<'a, R> = Pin<Box<dyn Clause<Output = R> + Send + 'a>>;

impl<'a, R> Select<'a, R> {
    /// One without clauses.
    pub fn new() -> Self {
        Select { clauses: Vec::new(), unbiased: false }
    }

    /// Adds a clause. Where several could be first, the one that was added first wins.
    pub fn on<C>(mut self, clause: C, then: impl FnOnce(C::Output) -> R + Send + 'a) -> Self
    where
        C: Clause + Send + 'a,
    {
        self.clauses.push(Box::pin(Then { clause, then: Some(then) }));
        self
    }

    /// Adds a future as a clause.
    #[track_caller]
    pub fn on_future<F>(self, future: F, then: impl FnOnce(F::Output) -> R + Send + 'a) -> Self
    where
        F: Future + Send + 'a,
        F::Output: Send,
    {
        self.on(Branch::new(future), then)
    }

    /// Where several could be first, any of them wins.
    pub fn unbiased(mut self) -> Self {
        self.unbiased = true;
        self
    }
}

impl<R> Default for Select<'_, R> {
    fn default() -> Self {
        Select::new()
    }
}

impl<'a, R> IntoFuture for Select<'a, R> {
    type Output = R;
    type IntoFuture = Selecting<Mixed<'a, R>>;
    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        assert!(!self.clauses.is_empty(), "a select of nothing would wait for ever");
        let order = if self.unbiased { random_order(self.clauses.len()) } else { Order::default() };
        select_in(order, Mixed(self.clauses))
    }
}

impl<R> fmt::Debug for Select<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Select of {}", self.clauses.len())
    }
}

/// The clauses of a [`Select`].
pub struct Mixed<'a, R>(Vec<AnyClause<'a, R>>);

impl<R> Clauses for Mixed<'_, R> {
    type Output = R;
    fn count(&self) -> usize {
        self.0.len()
    }
    fn poll_commit(
        mut self: Pin<&mut Self>,
        at: usize,
        places: Places,
        turn: &mut Turn<'_, '_>,
    ) -> Option<usize> {
        places.find(|place| turn.let_commit(place, self.0[place - at].as_mut()).is_ready())
    }
    fn poll_settle(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let settles = |clause: &mut AnyClause<'_, R>| clause.as_mut().poll_settle(cx).is_ready();
        let settled = self.0.iter_mut().map(settles).fold(true, |all, one| all & one);
        if settled { Poll::Ready(()) } else { Poll::Pending }
    }
    fn take(mut self: Pin<&mut Self>, index: usize) -> R {
        self.0[index].as_mut().take()
    }
}

impl<R> fmt::Debug for Mixed<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mixed({})", self.0.len())
    }
}

pin_project! {
    /// A clause, and what is made of what it gives.
    struct Then<C, F> {
        #[pin]
        clause: C,
        then: Option<F>,
    }
}

impl<C: Clause, R, F: FnOnce(C::Output) -> R> Clause for Then<C, F> {
    type Output = R;
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        self.project().clause.poll_commit(turn)
    }
    fn poll_settle(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().clause.poll_settle(cx)
    }
    fn take(self: Pin<&mut Self>) -> R {
        let this = self.project();
        let then = this.then.take().expect("a clause is taken once");
        then(this.clause.take())
    }
}

/// The first of a list of clauses of one kind: its place in the list, and what it gives.
///
/// ```
/// use coscope::{run_blocking, select::any_of};
///
/// run_blocking(async |s: coscope::Scope| {
///     let answers: Vec<_> = (0..10).map(|x| s.spawn(async move { x })).collect();
///     let (place, answer) = any_of(answers).await;
///     assert_eq!(place, answer);
/// });
/// ```
///
/// # Cancellation
/// See [the module](mod@crate::select).
///
/// # Panics
/// If the list is empty: it would wait for ever.
#[track_caller]
pub fn any_of<C: Clause>(clauses: impl IntoIterator<Item = C>) -> AnyOf<C> {
    let row = Row::new(clauses);
    assert!(!row.is_empty(), "a select of nothing would wait for ever");
    select_in(Order::default(), row)
}

/// The future of [`any_of`].
pub type AnyOf<C> = Selecting<Row<C>>;
