//! [`Selecting`]: the future of a select. Imports nothing of the room.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use coscope_core::gate::{self, WaitKind};
use coscope_core::wait::{Clauses, Contest, Order};
use pin_project_lite::pin_project;

pin_project! {
    /// The future of a select: lets exactly one of its clauses commit.
    #[must_use = "a select chooses only when it is awaited"]
    pub struct Selecting<C> {
        #[pin]
        contest: Contest<C>,
        order: Order,
        site: &'static Location<'static>,
    }
}

/// A select over `clauses`, which have their turn in that order.
#[inline(always)]
#[track_caller]
pub fn select_in<C: Clauses>(order: Order, clauses: C) -> Selecting<C> {
    Selecting { contest: Contest::new(clauses), order, site: Location::caller() }
}

thread_local! {
    static RANDOM: Cell<u64> = Cell::new(RandomState::new().hash_one(0) | 1);
}

/// Some order of `count` clauses: each is before each other as often as behind it.
pub fn random_order(count: usize) -> Order {
    let random = RANDOM.with(|random| {
        // Marsaglia's xorshift
        let mut x = random.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        random.set(x);
        x
    });
    // a number below `count`, by multiplication (Lemire)
    Order { first: (((random >> 32) * count as u64) >> 32) as usize, backwards: random & 1 == 0 }
}

impl<C: Clauses> Future for Selecting<C> {
    type Output = C::Output;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        let this = self.project();
        if !gate::may_go_on(cx, || this.contest.is_in_motion()) {
            gate::waits(WaitKind::Select, this.site);
            return Poll::Pending;
        }
        let polled = this.contest.poll(cx, *this.order);
        if polled.is_pending() {
            gate::waits_for_one_of_many(WaitKind::Select, this.site);
        }
        polled
    }
}

impl<C> fmt::Debug for Selecting<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Selecting").field(&self.contest).finish()
    }
}
