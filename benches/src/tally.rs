//! [`Tally`]: counts coroutines that begin and end, and tells one that waits for the last. Imports nothing of this
//! crate.

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

/// How many have begun, and how many of these have ended.
#[derive(Debug)]
pub(crate) struct Tally {
    of: usize,
    begun: AtomicUsize,
    ended: AtomicUsize,
    waiter: Mutex<Option<Waker>>,
}

/// One that is counted: from its making to its drop.
#[derive(Debug)]
pub(crate) struct Counted(&'static Tally);

impl Tally {
    /// For `of` coroutines. It lives as long as the process, so that counting costs no reference count.
    pub(crate) fn of(of: usize) -> &'static Tally {
        let tally =
            Tally { of, begun: AtomicUsize::new(0), ended: AtomicUsize::new(0), waiter: Mutex::new(None) };
        Box::leak(Box::new(tally))
    }

    /// One has begun.
    pub(crate) fn enter(&'static self) -> Counted {
        if self.begun.fetch_add(1, Ordering::AcqRel) + 1 == self.of {
            self.wake();
        }
        Counted(self)
    }

    /// Returns when all have begun.
    pub(crate) async fn all_begun(&self) {
        self.until(&self.begun).await;
    }

    /// Returns when all have ended.
    pub(crate) async fn all_ended(&self) {
        self.until(&self.ended).await;
    }

    /// How many have ended.
    pub(crate) fn ended(&self) -> usize {
        self.ended.load(Ordering::Acquire)
    }

    async fn until(&self, count: &AtomicUsize) {
        poll_fn(|cx| {
            *self.waiter.lock().unwrap() = Some(cx.waker().clone());
            if count.load(Ordering::Acquire) == self.of { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn wake(&self) {
        if let Some(waker) = self.waiter.lock().unwrap().take() {
            waker.wake();
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.ended.fetch_add(1, Ordering::AcqRel) + 1 == self.0.of {
            self.0.wake();
        }
    }
}
