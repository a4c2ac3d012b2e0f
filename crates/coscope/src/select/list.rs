//! Clauses of several kinds, as the macros make them: up to eight side by side, [`One`] to [`Eight`], more of them one in front of
//! the others, [`Pair`]. Side by side they are made where they stay; one in front of the other, each is moved with all behind it,
//! which took half of the time of a select over eight. Imports nothing of the room.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use coscope_core::wait::{Clause, Clauses, Places, Turn};
use pin_project_lite::pin_project;

pin_project! {
    /// A clause, and those behind it.
    pub struct Pair<A, B> {
        #[pin]
        clause: A,
        #[pin]
        behind: B,
    }
}

impl<A, B> Pair<A, B> {
    /// `clause`, and `behind` it others.
    #[inline(always)]
    pub fn new(clause: A, behind: B) -> Self {
        Pair { clause, behind }
    }
}

impl<A, B> fmt::Debug for Pair<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pair")
    }
}

/// What came of the first, or of one behind it.
#[derive(Debug)]
pub enum Either<A, B> {
    /// The first has won.
    This(A),
    /// Another has.
    Behind(B),
}

impl<A: Clause, B: Clauses> Clauses for Pair<A, B> {
    type Output = Either<A::Output, B::Output>;
    #[inline]
    fn count(&self) -> usize {
        1 + self.behind.count()
    }
    #[inline]
    fn poll_commit(
        self: Pin<&mut Self>,
        at: usize,
        places: Places,
        turn: &mut Turn<'_, '_>,
    ) -> Option<usize> {
        let this = self.project();
        let (clause, behind) = (this.clause, this.behind);
        if places.backwards {
            let found = behind.poll_commit(at + 1, places, turn);
            found.or_else(|| (places.have(at) && turn.let_commit(at, clause).is_ready()).then_some(at))
        } else if places.have(at) && turn.let_commit(at, clause).is_ready() {
            Some(at)
        } else {
            behind.poll_commit(at + 1, places, turn)
        }
    }
    #[inline]
    fn poll_settle(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let (first, others) = (this.clause.poll_settle(cx), this.behind.poll_settle(cx));
        if first.is_ready() { others } else { Poll::Pending }
    }
    #[inline]
    fn take(self: Pin<&mut Self>, index: usize) -> Self::Output {
        let this = self.project();
        match index.checked_sub(1) {
            None => Either::This(this.clause.take()),
            Some(index) => Either::Behind(this.behind.take(index)),
        }
    }
}

/// `Either` of one behind the other, as [`Pair`]s would give it.
macro_rules! nested {
    () => { Infallible };
    ($first:ident $($rest:ident)*) => { Either<$first::Output, nested!($($rest)*)> };
}

/// The output of the clause that is so many places behind the first.
macro_rules! behind {
    ($value:expr;) => { Either::This($value) };
    ($value:expr; $one:ident $($rest:ident)*) => { Either::Behind(behind!($value; $($rest)*)) };
}

macro_rules! side_by_side {
    ($name:ident, $count:literal: $($clause:ident $field:ident $at:literal [$($before:ident)*]),+) => {
        pin_project! {
            /// So many clauses, side by side.
            #[allow(missing_docs)]
            pub struct $name<$($clause),+> {
                $(#[pin] pub $field: $clause,)+
            }
        }

        impl<$($clause),+> fmt::Debug for $name<$($clause),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl<$($clause: Clause),+> Clauses for $name<$($clause),+> {
            type Output = nested!($($clause)+);
            #[inline]
            fn count(&self) -> usize {
                $count
            }
            #[inline]
            fn poll_commit(self: Pin<&mut Self>, at: usize, places: Places, turn: &mut Turn<'_, '_>) -> Option<usize> {
                let mut this = self.project();
                let mut commits = |place: usize| match place - at {
                    $($at => turn.let_commit(place, this.$field.as_mut()).is_ready(),)+
                    _ => false,
                };
                let mut row = places.from.max(at)..places.to.min(at + $count);
                if places.backwards { row.rev().find(|&place| commits(place)) } else { row.find(|&place| commits(place)) }
            }
            #[inline]
            fn poll_settle(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                let this = self.project();
                let mut settled = true;
                $(settled &= this.$field.poll_settle(cx).is_ready();)+
                if settled { Poll::Ready(()) } else { Poll::Pending }
            }
            #[inline]
            fn take(self: Pin<&mut Self>, index: usize) -> Self::Output {
                let this = self.project();
                match index {
                    $($at => behind!(this.$field.take(); $($before)*),)+
                    _ => unreachable!("there is no such clause"),
                }
            }
        }
    };
}

side_by_side!(One, 1: A a 0 []);
side_by_side!(Two, 2: A a 0 [], B b 1 [a]);
side_by_side!(Three, 3: A a 0 [], B b 1 [a], C c 2 [a b]);
side_by_side!(Four, 4: A a 0 [], B b 1 [a], C c 2 [a b], D d 3 [a b c]);
side_by_side!(Five, 5: A a 0 [], B b 1 [a], C c 2 [a b], D d 3 [a b c], E e 4 [a b c d]);
side_by_side!(Six, 6: A a 0 [], B b 1 [a], C c 2 [a b], D d 3 [a b c], E e 4 [a b c d], F f 5 [a b c d e]);
side_by_side!(Seven, 7: A a 0 [], B b 1 [a], C c 2 [a b], D d 3 [a b c], E e 4 [a b c d], F f 5 [a b c d e],
    G g 6 [a b c d e f]);
side_by_side!(Eight, 8: A a 0 [], B b 1 [a], C c 2 [a b], D d 3 [a b c], E e 4 [a b c d], F f 5 [a b c d e],
    G g 6 [a b c d e f], H h 7 [a b c d e f g]);
