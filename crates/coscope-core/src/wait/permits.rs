//! [`Permits`]: so many at once, handed on in the order of asking.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{WaitQueue, Waiter};
use crate::primitive::Mutex;

/// A number of permits. One that is given back goes straight to whoever has waited longest.
#[derive(Debug)]
pub struct Permits(Mutex<State>);

#[derive(Debug)]
struct State {
    free: usize,
    queue: WaitQueue,
}

impl Permits {
    /// `free` permits.
    pub fn new(free: usize) -> Arc<Self> {
        Arc::new(Permits(Mutex::new(State { free, queue: WaitQueue::new() })))
    }

    /// Waits for a permit.
    pub fn acquire(self: &Arc<Self>) -> AcquirePermit {
        AcquirePermit { permits: self.clone(), waiter: Waiter::new(), stage: Stage::New }
    }

    /// Gives one permit back: to the first in the queue, if there is one.
    fn release(&self) {
        let next: Option<Waker> = {
            let mut state = self.0.lock();
            let next = state.queue.pop();
            if next.is_none() {
                state.free += 1;
            }
            next
        };
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

/// A permit, given back when it is dropped.
#[derive(Debug)]
pub struct Permit(Arc<Permits>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.release();
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    New,
    Queued,
    Done,
}

/// The future of [`Permits::acquire`].
pub struct AcquirePermit {
    permits: Arc<Permits>,
    waiter: Waiter,
    stage: Stage,
}

impl Future for AcquirePermit {
    type Output = Permit;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit> {
        // SAFETY: `waiter` is the one pinned field, and it is not moved out of.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let waiter = unsafe { Pin::new_unchecked(&this.waiter) };
        assert!(this.stage != Stage::Done, "a permit was asked for after it had been given");
        let waker = cx.waker().clone();
        let (granted, outdated) = {
            let mut state = this.permits.0.lock();
            // SAFETY: the waiter stands in this queue or in none; `drop` takes it out.
            let queued = unsafe { state.queue.would_wake(waiter, &waker) };
            if queued {
                (false, Some(waker))
            } else if this.stage == Stage::New && state.free > 0 && state.queue.is_empty() {
                state.free -= 1;
                (true, Some(waker))
            } else if this.stage == Stage::Queued && !state.queue.contains(waiter) {
                (true, Some(waker)) // popped: the permit was handed over
            } else {
                // SAFETY: as above.
                (false, unsafe { state.queue.push(waiter, waker) })
            }
        };
        drop(outdated);
        if !granted {
            this.stage = Stage::Queued;
            return Poll::Pending;
        }
        this.stage = Stage::Done;
        Poll::Ready(Permit(this.permits.clone()))
    }
}

impl Drop for AcquirePermit {
    fn drop(&mut self) {
        if self.stage != Stage::Queued {
            return;
        }
        // SAFETY: the waiter was pinned when it came in and has not moved.
        let waiter = unsafe { Pin::new_unchecked(&self.waiter) };
        // SAFETY: the waiter stands in this queue or in none.
        let removed = unsafe { self.permits.0.lock().queue.remove(waiter) };
        if removed.is_none() {
            self.permits.release(); // handed over and never taken: to the next one
        }
    }
}

impl fmt::Debug for AcquirePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquirePermit").field("stage", &self.stage).finish_non_exhaustive()
    }
}
