//! [`Slot`]: where a message, or a place, is waited for. Its word is drawn in `protocol.md`. Imports nothing of the room.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr;

use coscope_core::primitive::{AtomicU32, Ordering, UnsafeCell};
use coscope_core::wait::Waiter;

pub(super) const IDLE: u32 = 0;
pub(super) const QUEUED: u32 = 1;
/// As `QUEUED`, for a place instead of a message.
pub(super) const RESERVING: u32 = 2;
pub(super) const DONE: u32 = 3;
pub(super) const REFUSED: u32 = 4;

/// Where a message, or a place, is waited for: in the waiting future, pinned.
pub(super) struct Slot<T> {
    waiter: Waiter,
    pub(super) word: AtomicU32,
    message: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: who may touch the message is said by the word (`protocol.md`), and it moves between threads only if `T` may.
unsafe impl<T: Send> Send for Slot<T> {}
// SAFETY: as above; nobody gets a reference to the message.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    #[inline]
    pub(super) fn new(message: MaybeUninit<T>) -> Self {
        Slot { waiter: Waiter::new(), word: AtomicU32::new(IDLE), message: UnsafeCell::new(message) }
    }

    #[inline]
    pub(super) fn word(&self) -> u32 {
        self.word.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn set(&self, word: u32) {
        self.word.store(word, Ordering::Release);
    }

    /// For the queue. Made from the whole slot, so that it may be followed to all of it.
    #[inline]
    pub(super) fn as_data(self: Pin<&Self>) -> *mut () {
        ptr::from_ref(self.get_ref()).cast_mut().cast()
    }

    #[inline]
    pub(super) fn waiter(self: Pin<&Self>) -> Pin<&Waiter> {
        // SAFETY: a projection to a field that is never moved out of.
        unsafe { self.map_unchecked(|slot| &slot.waiter) }
    }

    /// # Safety
    /// The message is the caller's, and there.
    #[inline]
    pub(super) unsafe fn read(&self) -> T {
        // SAFETY: the caller's contract.
        self.message.with(|message| unsafe { message.cast::<T>().read() })
    }

    /// Where the message is, or would be.
    #[inline]
    pub(super) fn peek<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        self.message.with(|message| f(message.cast()))
    }

    /// # Safety
    /// The place is the caller's, and empty; what is at `from` is moved.
    #[inline]
    pub(super) unsafe fn write(&self, from: *const T) {
        // SAFETY: the caller's contract.
        self.message.with_mut(|message| unsafe { ptr::copy_nonoverlapping(from, message.cast::<T>(), 1) });
    }
}

/// # Safety
/// `data` came from `as_data` of a slot of this type that stands in a queue, or has just been taken out of it, whose
/// lock is held.
pub(super) unsafe fn slot<'a, T>(data: *mut ()) -> &'a Slot<T> {
    // SAFETY: the caller's contract: its owner takes it out under the lock before it goes.
    unsafe { &*data.cast::<Slot<T>>() }
}

/// Why an operation did not come to its end at once.
pub(super) enum Delayed<L> {
    /// It has waited before, or this step is not for it.
    Again,
    /// There was nothing to be had.
    Nothing,
    /// Somebody else was inside.
    Busy,
    /// It is not as simple as that; the lock is held.
    Held(L),
}
