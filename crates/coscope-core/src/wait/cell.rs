//! [`WaitCell`]: a value under a lock, with a fair queue of those who wait for it to change.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{WaitQueue, Waiter};
use crate::primitive::Mutex;

/// A value, and those who wait for it to change.
pub struct WaitCell<T>(Mutex<(T, WaitQueue)>);

impl<T> WaitCell<T> {
    /// A cell around `value`.
    pub fn new(value: T) -> Arc<Self> {
        Arc::new(WaitCell(Mutex::new((value, WaitQueue::new()))))
    }

    /// Looks at, or changes, the value. `f` is called under the lock: no user code in it.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock().0)
    }

    /// Wakes everybody who waits.
    pub fn wake_all(&self) {
        loop {
            let waker = self.0.lock().1.pop();
            match waker {
                Some(waker) => crate::unwind::contain("a waker", || waker.wake()),
                None => return,
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for WaitCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.lock().0, f)
    }
}

/// One who waits for a cell.
pub struct WaitFor<T> {
    cell: Arc<WaitCell<T>>,
    waiter: Waiter,
}

impl<T> fmt::Debug for WaitFor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitFor")
    }
}

impl<T> WaitFor<T> {
    /// One who waits for `cell`.
    pub fn new(cell: Arc<WaitCell<T>>) -> Self {
        WaitFor { cell, waiter: Waiter::new() }
    }

    /// Ready with what `look` gives, called under the lock; waits for a change where it gives nothing.
    pub fn poll<R>(
        self: Pin<&Self>,
        cx: &mut Context<'_>,
        look: impl FnOnce(&mut T) -> Option<R>,
    ) -> Poll<R> {
        // SAFETY: a projection to a field that is never moved out of.
        let waiter = unsafe { self.map_unchecked(|this| &this.waiter) };
        let waker = cx.waker().clone();
        let (result, outdated) = {
            let mut state = self.cell.0.lock();
            match look(&mut state.0) {
                Some(result) => (Poll::Ready(result), Some(waker)),
                // SAFETY: the waiter stands in this queue or in none; `drop` takes it out.
                None => (Poll::Pending, unsafe { state.1.push(waiter, waker) }),
            }
        };
        drop(outdated);
        result
    }
}

impl<T> Drop for WaitFor<T> {
    fn drop(&mut self) {
        // SAFETY: the waiter was pinned when it came in and has not moved.
        let waiter = unsafe { Pin::new_unchecked(&self.waiter) };
        // SAFETY: the waiter stands in this queue or in none.
        let waker = unsafe { self.cell.0.lock().1.remove(waiter) };
        drop(waker);
    }
}
