//! [`Waiter`]: an entry of a [`WaitQueue`](super::WaitQueue), pinned in the future that waits.

use std::marker::PhantomPinned;
use std::ptr;
use std::task::Waker;

use crate::primitive::UnsafeCell;

/// One who waits in a queue. Lives in the waiting future, which must take it out of the queue before
/// it goes. Every field is touched only under the lock of the queue that it stands in.
#[derive(Debug)]
pub struct Waiter {
    pub(super) entry: UnsafeCell<Entry>,
    _pinned: PhantomPinned,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) prev: *const Waiter,
    pub(super) next: *const Waiter,
    pub(super) waker: Option<Waker>,
    pub(super) queued: bool,
}

// SAFETY: the entry is touched only under the lock of its queue (`WaitQueue`'s contract), and a
// `Waker` is `Send + Sync`.
unsafe impl Send for Waiter {}
// SAFETY: as above.
unsafe impl Sync for Waiter {}

impl Waiter {
    /// One who does not wait yet.
    pub fn new() -> Self {
        let entry = Entry { prev: ptr::null(), next: ptr::null(), waker: None, queued: false };
        Waiter { entry: UnsafeCell::new(entry), _pinned: PhantomPinned }
    }
}

impl Default for Waiter {
    fn default() -> Self {
        Waiter::new()
    }
}
