//! [`WaitQueue`]: a fair queue of [`Waiter`]s, intrusive, so that waiting allocates nothing.
//!
//! The queue has no lock of its own: it lives under its owner's. The idea is trio's parking lot and
//! tokio's batch semaphore: one queue under every primitive.

use std::pin::Pin;
use std::ptr;
use std::task::Waker;

use super::Waiter;
use super::waiter::Entry;

/// First come, first served.
#[derive(Debug)]
pub struct WaitQueue {
    first: *const Waiter,
    last: *const Waiter,
}

// SAFETY: the pointers are followed only by methods with `&mut self`, hence under the owner's lock,
// and what they point to is `Sync`.
unsafe impl Send for WaitQueue {}

impl WaitQueue {
    /// A queue of nobody.
    pub const fn new() -> Self {
        WaitQueue { first: ptr::null(), last: ptr::null() }
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// Puts a waiter at the end, or, if it stands in the queue already, gives it a new waker where
    /// the old one would wake somebody else. Hands back a waker that is no longer needed: it is user
    /// code, to be dropped outside the lock.
    ///
    /// # Safety
    /// `waiter` stands in no other queue, and is [removed](Self::remove) from this one, under the
    /// same lock, before it is dropped.
    pub unsafe fn push(&mut self, waiter: Pin<&Waiter>, waker: Waker) -> Option<Waker> {
        let this: *const Waiter = Pin::get_ref(waiter);
        // SAFETY: `&mut self` is the lock under which alone entries are touched.
        unsafe {
            if Self::entry(this, |e| e.queued) {
                return Self::entry(this, |e| e.waker.replace(waker));
            }
            let last = self.last;
            Self::entry(this, |e| {
                e.prev = last;
                e.next = ptr::null();
                e.queued = true;
                e.waker = Some(waker);
            });
            if last.is_null() {
                self.first = this;
            } else {
                Self::entry(last, |e| e.next = this);
            }
            self.last = this;
        }
        None
    }

    /// Whether the waiter stands in the queue and `waker` would wake the same task as its own.
    ///
    /// # Safety
    /// `waiter` stands in this queue or in none.
    pub unsafe fn would_wake(&mut self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        // SAFETY: `&mut self` is the lock under which alone entries are touched.
        unsafe {
            Self::entry(Pin::get_ref(waiter), |e| {
                e.queued && e.waker.as_ref().is_some_and(|w| w.will_wake(waker))
            })
        }
    }

    /// Whether the waiter stands in the queue.
    pub fn contains(&mut self, waiter: Pin<&Waiter>) -> bool {
        // SAFETY: the waiter is borrowed, hence alive; it belongs to this queue or to none that
        // another thread could touch it in, since only its owner puts it somewhere.
        unsafe { Self::entry(Pin::get_ref(waiter), |e| e.queued) }
    }

    /// Takes a waiter out, wherever it stands. Hands its waker back, to be dropped outside the lock;
    /// `None` if it does not stand here (it was popped, or never came).
    ///
    /// # Safety
    /// `waiter` stands in this queue or in none.
    pub unsafe fn remove(&mut self, waiter: Pin<&Waiter>) -> Option<Waker> {
        let this: *const Waiter = Pin::get_ref(waiter);
        // SAFETY: `&mut self` is the lock under which alone entries are touched; neighbours of a
        // queued waiter are queued, hence alive (`push`'s contract).
        unsafe {
            if !Self::entry(this, |e| e.queued) {
                return None;
            }
            Some(self.unlink(this))
        }
    }

    /// Takes the first waiter out and hands over its waker, to be woken outside the lock.
    pub fn pop(&mut self) -> Option<Waker> {
        if self.first.is_null() {
            return None;
        }
        // SAFETY: the first waiter is queued, hence alive (`push`'s contract).
        Some(unsafe { self.unlink(self.first) })
    }

    /// # Safety
    /// `this` stands in this queue.
    unsafe fn unlink(&mut self, this: *const Waiter) -> Waker {
        // SAFETY: `this` and its neighbours are queued, hence alive, and `&mut self` is the lock.
        unsafe {
            let (prev, next, waker) = Self::entry(this, |e| {
                e.queued = false;
                (e.prev, e.next, e.waker.take())
            });
            if prev.is_null() {
                self.first = next;
            } else {
                Self::entry(prev, |e| e.next = next);
            }
            if next.is_null() {
                self.last = prev;
            } else {
                Self::entry(next, |e| e.prev = prev);
            }
            waker.expect("a queued waiter has a waker")
        }
    }

    /// # Safety
    /// `waiter` is alive and the lock of its queue is held.
    unsafe fn entry<R>(waiter: *const Waiter, f: impl FnOnce(&mut Entry) -> R) -> R {
        // SAFETY: the caller's contract; the reference does not outlive the closure.
        unsafe { (*waiter).entry.with_mut(|entry| f(&mut *entry)) }
    }
}

impl Default for WaitQueue {
    fn default() -> Self {
        WaitQueue::new()
    }
}
