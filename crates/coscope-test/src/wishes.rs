//! [`Advance`]: a body waits until the clock has come somewhere. Imports `virtual_clock`.

use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use coscope_core::gate::{self, WaitKind};
use coscope_core::time::Instant;

/// What a body waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wish {
    /// The clock has come there; what is due just then has not run yet.
    To(Instant),
    /// All that was due there has run.
    RunAt(Instant),
    /// Nothing is left to do but in the background.
    Idle,
}

/// What bodies wait for, in order of asking.
#[derive(Default)]
pub(crate) struct Wishes(Mutex<Vec<(u64, Wish, Waker)>>);

impl Wishes {
    fn list(&self) -> MutexGuard<'_, Vec<(u64, Wish, Waker)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is runnable at `now`; the next timer, and the next outside of the background, are given. If a wish comes
    /// before them it is granted: its waker, and where the clock goes for it.
    pub(crate) fn grant(
        &self,
        now: Instant,
        next: Option<Instant>,
        next_in_front: Option<Instant>,
    ) -> Option<(Instant, Waker)> {
        let mut list = self.list();
        let comes_at = |wish: &Wish| match *wish {
            Wish::To(until) => next.is_none_or(|next| until <= next).then_some(until),
            Wish::RunAt(at) => next.is_none_or(|next| at < next).then_some(now),
            Wish::Idle => None,
        };
        let first =
            list.iter().enumerate().filter_map(|(place, (_, wish, _))| Some((comes_at(wish)?, place))).min();
        // whoever waits for the clock to come somewhere is not idle
        let other = || {
            let busy = next_in_front.is_some() || list.iter().any(|(_, wish, _)| matches!(wish, Wish::To(_)));
            if busy {
                None
            } else {
                Some((now, list.iter().position(|(_, wish, _)| matches!(wish, Wish::Idle))?))
            }
        };
        let (at, place) = first.or_else(other)?;
        let (_, _, waker) = list.remove(place);
        Some((at, waker))
    }
}

/// The future of [`TestScope::advance_by`](crate::TestScope::advance_by) and its like.
///
/// # Cancellation
/// Safe: the clock stays where it has come to.
#[must_use = "the clock moves only while it is awaited"]
pub struct Advance {
    wishes: Arc<Wishes>,
    wish: Wish,
    state: State,
    site: &'static Location<'static>,
}

enum State {
    New,
    Waiting(u64),
    Done,
}

impl Advance {
    #[track_caller]
    pub(crate) fn new(wishes: &Arc<Wishes>, wish: Wish) -> Self {
        Advance { wishes: wishes.clone(), wish, state: State::New, site: Location::caller() }
    }
}

impl Future for Advance {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let wishes = self.wishes.clone();
        let mut list = wishes.list();
        match self.state {
            State::New => {
                let number = list.iter().map(|(number, ..)| number + 1).max().unwrap_or(0);
                list.push((number, self.wish, waker));
                drop(list);
                self.state = State::Waiting(number);
                gate::waits(WaitKind::Advance, self.site);
                Poll::Pending
            }
            State::Waiting(own) => match list.iter_mut().find(|(number, ..)| *number == own) {
                Some((.., old)) => {
                    let old = mem::replace(old, waker);
                    drop(list);
                    drop(old);
                    gate::waits(WaitKind::Advance, self.site);
                    Poll::Pending
                }
                None => {
                    drop(list);
                    self.state = State::Done;
                    Poll::Ready(())
                }
            },
            State::Done => Poll::Ready(()),
        }
    }
}

impl Drop for Advance {
    fn drop(&mut self) {
        if let State::Waiting(own) = self.state {
            let mut list = self.wishes.list();
            let gone = list.iter().position(|(number, ..)| *number == own).map(|place| list.remove(place));
            drop(list);
            drop(gone);
        }
    }
}

impl fmt::Debug for Advance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Advance").field(&self.wish).finish()
    }
}
