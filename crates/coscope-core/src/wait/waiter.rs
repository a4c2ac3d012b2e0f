//! [`Waiter`]: an entry of a [`WaitQueue`](super::WaitQueue), pinned in the future that waits.

use std::fmt;
use std::marker::PhantomPinned;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr;
use std::task::{RawWakerVTable, Waker};

use super::Ticket;
use crate::primitive::{AtomicU32, Ordering, UnsafeCell};

/// One who waits in a queue. Lives in the waiting future, which must take it out of the queue before
/// it goes. One that never came to wait has cost a word.
///
/// | its word | means | who sets it |
/// |---|---|---|
/// | [`IDLE`](Self::IDLE) | it stands in no queue | its owner; the queue, for one that its owner takes out |
/// | [`QUEUED`](Self::QUEUED), [`ASKING`](Self::ASKING) | it stands in a queue; two words for the owner of that to tell two kinds apart | the queue |
/// | [`GONE`](Self::GONE) | a clause's, taken out: its select has chosen another | the queue |
/// | [`HANDED`](Self::HANDED), [`REFUSED`](Self::REFUSED) | taken out by somebody who had something for it, or a refusal | the queue |
///
/// The word is read by its owner without the lock; whoever takes a waiter out stores it last, and touches nothing of it
/// after that. Everything else is touched only under the lock of the queue that it stands in.
pub struct Waiter {
    pub(super) word: AtomicU32,
    /// There while it stands in a queue.
    pub(super) links: UnsafeCell<MaybeUninit<Links>>,
    _pinned: PhantomPinned,
}

pub(super) struct Links {
    pub(super) prev: *const Waiter,
    pub(super) next: *const Waiter,
    pub(super) who: Who,
}

/// Who stands behind a waiter: a waker of one who waits for this alone, or the ticket of a clause.
///
/// Two words, as each of them is. Tables of wakers have even addresses; an odd one is the number of a clause.
#[derive(Debug, Clone, Copy)]
pub struct Who {
    data: *const (),
    table: *const (),
}

const CLAUSE: usize = 1;

impl From<Waker> for Who {
    #[inline]
    fn from(waker: Waker) -> Self {
        let waker = ManuallyDrop::new(waker);
        Who { data: waker.data(), table: ptr::from_ref(waker.vtable()).cast() }
    }
}

impl From<Ticket> for Who {
    #[inline]
    fn from(ticket: Ticket) -> Self {
        let (claim, index) = ticket.into_parts();
        Who { data: claim, table: ptr::without_provenance(index << 1 | CLAUSE) }
    }
}

impl Who {
    /// The ticket, if it is a clause.
    #[inline]
    pub(super) fn ticket(&self) -> Option<Ticket> {
        let table = self.table.addr();
        (table & CLAUSE != 0).then(|| Ticket::from_parts(self.data, table >> 1))
    }

    /// Whether it is a waker of the same task as `waker`.
    pub(super) fn would_wake(&self, waker: &Waker) -> bool {
        self.data == waker.data() && self.table == ptr::from_ref(waker.vtable()).cast()
    }

    /// The waker, if it is one.
    ///
    /// # Safety
    /// It was made of a waker or a ticket, and is not used after this.
    #[inline]
    pub(super) unsafe fn into_waker(self) -> Option<Waker> {
        if self.table.addr() & CLAUSE != 0 {
            return None;
        }
        // SAFETY: the two halves of a waker that was forgotten, put together once (the caller's contract).
        Some(unsafe { Waker::new(self.data, &*self.table.cast::<RawWakerVTable>()) })
    }
}

/// How a waiter leaves its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Left {
    /// With what it waited for.
    Handed = Waiter::HANDED,
    /// Without.
    Refused = Waiter::REFUSED,
}

// SAFETY: the links are touched only under the lock of the queue (`WaitQueue`'s contract), and what stands in them, a
// `Waker` or a `Ticket`, is `Send + Sync`.
unsafe impl Send for Waiter {}
// SAFETY: as above.
unsafe impl Sync for Waiter {}

impl Waiter {
    /// It stands in no queue.
    pub const IDLE: u32 = 0;
    /// Taken out since its select has chosen another.
    pub const GONE: u32 = 1;
    /// It stands in a queue.
    pub const QUEUED: u32 = 2;
    /// As `QUEUED`, of another kind.
    pub const ASKING: u32 = 3;
    /// Taken out by one who had something for it.
    pub const HANDED: u32 = 4;
    /// Taken out, and told that nothing will come.
    pub const REFUSED: u32 = 5;

    /// One who does not wait yet.
    #[inline]
    pub fn new() -> Self {
        Waiter {
            word: AtomicU32::new(Self::IDLE),
            links: UnsafeCell::new(MaybeUninit::uninit()),
            _pinned: PhantomPinned,
        }
    }

    /// Its word, with all that whoever has set it has done before.
    #[inline]
    pub fn word(&self) -> u32 {
        self.word.load(Ordering::Acquire)
    }

    /// For its owner.
    ///
    /// # Safety
    /// It stands in no queue, and `word` does not say that it does.
    #[inline]
    pub unsafe fn set(&self, word: u32) {
        debug_assert!(!is_queued(word), "the queue alone says who stands in it");
        self.word.store(word, Ordering::Release);
    }
}

/// Whether one with this word stands in a queue.
#[inline]
pub(super) fn is_queued(word: u32) -> bool {
    word == Waiter::QUEUED || word == Waiter::ASKING
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
