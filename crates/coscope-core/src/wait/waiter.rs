//! [`Waiter`]: an entry of a [`WaitQueue`](super::WaitQueue), pinned in the future that waits.

use std::fmt;
use std::marker::PhantomPinned;
use std::mem::MaybeUninit;
use std::task::Waker;

use super::Ticket;
use crate::primitive::UnsafeCell;

/// One who waits in a queue. Lives in the waiting future, which must take it out of the queue before
/// it goes. One that never came to wait has cost a byte. Every field is touched only under the lock of the queue that it stands in.
pub struct Waiter {
    pub(super) entry: UnsafeCell<Entry>,
    _pinned: PhantomPinned,
}

pub(super) struct Entry {
    pub(super) place: Place,
    /// There while it is `Queued`.
    pub(super) links: MaybeUninit<Links>,
}

pub(super) struct Links {
    pub(super) prev: *const Waiter,
    pub(super) next: *const Waiter,
    pub(super) who: Who,
    /// What the owner of the queue has left with the waiter.
    pub(super) data: *mut (),
}

/// Who stands behind a waiter.
#[derive(Debug)]
pub(super) enum Who {
    /// One who waits for this alone.
    Waker(Waker),
    /// A clause of a select.
    Ticket(Ticket),
}

impl Who {
    pub(super) fn into_waker(self) -> Option<Waker> {
        match self {
            Who::Waker(waker) => Some(waker),
            Who::Ticket(_) => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In no queue.
    Out,
    Queued,
    /// Taken out by somebody who had something for it.
    Handed,
}

// SAFETY: the entry is touched only under the lock of its queue (`WaitQueue`'s contract), a `Waker` is
// `Send + Sync`, and so is a `Ticket`; `data` is for the owner of the queue to follow.
unsafe impl Send for Waiter {}
// SAFETY: as above.
unsafe impl Sync for Waiter {}

impl Waiter {
    /// One who does not wait yet.
    #[inline]
    pub fn new() -> Self {
        let entry = Entry { place: Place::Out, links: MaybeUninit::uninit() };
        Waiter { entry: UnsafeCell::new(entry), _pinned: PhantomPinned }
    }
}

impl Default for Waiter {
    fn default() -> Self {
        Waiter::new()
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiter")
    }
}
