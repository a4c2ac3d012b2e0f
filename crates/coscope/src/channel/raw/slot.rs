//! [`Slot`]: where a message, or a place, is waited for. Its word is drawn in `protocol.md`. Imports nothing of the room.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr;

use coscope_core::primitive::UnsafeCell;
use coscope_core::wait::Waiter;

pub(super) const IDLE: u32 = Waiter::IDLE;
/// As `IDLE`, of a clause whose select has chosen another.
pub(super) const GONE: u32 = Waiter::GONE;
pub(super) const QUEUED: u32 = Waiter::QUEUED;
/// As `QUEUED`, for a place instead of a message.
pub(super) const RESERVING: u32 = Waiter::ASKING;
pub(super) const DONE: u32 = Waiter::HANDED;
pub(super) const REFUSED: u32 = Waiter::REFUSED;

/// Where a message, or a place, is waited for: in the waiting future, pinned.
#[repr(C)]
pub(super) struct Slot<T> {
    /// The first, so that the queue's pointer to it is one to the slot.
    waiter: Waiter,
    message: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: who may touch the message is said by the word (`protocol.md`), and it moves between threads only if `T` may.
unsafe impl<T: Send> Send for Slot<T> {}
// SAFETY: as above; nobody gets a reference to the message.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    #[inline]
    pub(super) fn new(message: MaybeUninit<T>) -> Self {
        Slot { waiter: Waiter::new(), message: UnsafeCell::new(message) }
    }

    #[inline]
    pub(super) fn word(&self) -> u32 {
        self.waiter.word()
    }

    /// For the owner of one that does not stand in a queue: `IDLE`, `DONE` or `REFUSED`.
    #[inline]
    pub(super) fn set(&self, word: u32) {
        // SAFETY: in this room an owner sets the word before it has waited, after it was taken out, and when it has taken
        // itself out, and never to that of one who stands in a queue.
        unsafe { self.waiter.set(word) };
    }

    /// For the queue. Made from the whole slot, so that it may be followed to all of it.
    #[inline]
    pub(super) fn as_waiter(self: Pin<&Self>) -> *const Waiter {
        ptr::from_ref(self.get_ref()).cast()
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
/// `waiter` came from `as_waiter` of a slot of this type that stands in a queue, or has just been taken out of it, whose
/// lock is held.
#[inline]
pub(super) unsafe fn slot<'a, T>(waiter: *const Waiter) -> &'a Slot<T> {
    // SAFETY: the caller's contract: its owner takes it out under the lock before it goes.
    unsafe { &*waiter.cast::<Slot<T>>() }
}

/// Why an operation did not come to its end at once.
pub(super) enum Delayed<L> {
    /// It has waited before, or this step is not for it.
    Again,
    /// There is nobody to meet, and nothing to be had; the lock is held.
    Alone(L),
    /// It is not as simple as that; the lock is held.
    Held(L),
}
