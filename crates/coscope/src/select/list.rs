//! [`Pair`], [`Nil`]: clauses of several kinds, one behind the other, as the macros make them. Imports nothing of the room.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use coscope_core::wait::{Clause, Clauses, Turn};
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
    #[inline]
    pub fn new(clause: A, behind: B) -> Self {
        Pair { clause, behind }
    }
}

impl<A, B> fmt::Debug for Pair<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pair")
    }
}

/// None.
#[derive(Debug, Clone, Copy)]
pub struct Nil;

/// What came of the first, or of one behind it.
#[derive(Debug)]
pub enum Either<A, B> {
    /// The first has won.
    This(A),
    /// Another has.
    Behind(B),
}

impl Clauses for Nil {
    type Output = Infallible;
    fn count(&self) -> usize {
        0
    }
    fn poll_commit(self: Pin<&mut Self>, _: usize, _: &mut Turn<'_, '_>) -> Poll<()> {
        Poll::Pending
    }
    fn poll_settle(self: Pin<&mut Self>, _: usize, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
    fn take(self: Pin<&mut Self>, _: usize) -> Infallible {
        unreachable!("nothing never wins")
    }
}

impl<A: Clause, B: Clauses> Clauses for Pair<A, B> {
    type Output = Either<A::Output, B::Output>;
    #[inline]
    fn count(&self) -> usize {
        1 + self.behind.count()
    }
    #[inline]
    fn poll_commit(self: Pin<&mut Self>, index: usize, turn: &mut Turn<'_, '_>) -> Poll<()> {
        let this = self.project();
        match index.checked_sub(1) {
            None => this.clause.poll_commit(turn),
            Some(index) => this.behind.poll_commit(index, turn),
        }
    }
    #[inline]
    fn poll_settle(self: Pin<&mut Self>, index: usize, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        match index.checked_sub(1) {
            None => this.clause.poll_settle(cx),
            Some(index) => this.behind.poll_settle(index, cx),
        }
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
