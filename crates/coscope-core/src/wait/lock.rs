//! [`HintedLock`]: a lock whose word says, while it is free, what a look inside would find.
//!
//! One swap to take it, one store to let it go. For short, bounded sections without user code, that many threads
//! pass through often; what waits for long stands in a queue inside. The hints cost nothing, since the store that lets go
//! writes them, and spare those who find nothing the way in.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::primitive::{AtomicU32, Ordering, UnsafeCell, give_way};

const LOCKED: u32 = 1;

/// What is under a [`HintedLock`].
pub trait Hinted {
    /// The hints for the present state: any bits but the lowest. One that is not set promises that a look would be in vain.
    fn hints(&self) -> u32;
}

/// A lock around `S`, whose first fields are on the line of the cache where its word is.
#[repr(C)]
pub struct HintedLock<S> {
    word: AtomicU32,
    state: UnsafeCell<S>,
    /// The checker knows no end of a loop that waits, so that its threads wait here.
    #[cfg(loom)]
    turn: crate::primitive::Mutex<()>,
}

// SAFETY: the state is touched by the holder of the lock alone.
unsafe impl<S: Send> Send for HintedLock<S> {}
// SAFETY: as above.
unsafe impl<S: Send> Sync for HintedLock<S> {}

impl<S: Hinted> HintedLock<S> {
    /// A lock around `state`.
    #[inline]
    pub fn new(state: S) -> Self {
        HintedLock {
            word: AtomicU32::new(state.hints() & !LOCKED),
            state: UnsafeCell::new(state),
            #[cfg(loom)]
            turn: crate::primitive::Mutex::new(()),
        }
    }

    /// What is under it, for whoever has it to himself.
    #[inline]
    pub fn get_mut(&mut self) -> &mut S {
        // SAFETY: `&mut self`: nobody else has a reference.
        self.state.with_mut(|state| unsafe { &mut *state })
    }

    /// What the last holder has left; all bits while there is a holder. What the caller itself has seen happen
    /// is in it.
    #[inline]
    pub fn hints(&self) -> u32 {
        let word = self.word.load(Ordering::Acquire);
        if word & LOCKED == 0 { word } else { u32::MAX }
    }

    /// Takes the lock.
    #[inline]
    pub fn lock(&self) -> Locked<'_, S> {
        #[cfg(loom)]
        let turn = self.turn.lock();
        if self.word.swap(LOCKED, Ordering::Acquire) & LOCKED != 0 {
            self.lock_slowly();
        }
        Locked {
            lock: self,
            #[cfg(loom)]
            _turn: turn,
        }
    }

    #[cold]
    fn lock_slowly(&self) {
        let mut tries = 0;
        loop {
            while self.word.load(Ordering::Relaxed) & LOCKED != 0 {
                give_way(tries);
                tries += 1;
            }
            if self.word.swap(LOCKED, Ordering::Acquire) & LOCKED == 0 {
                return;
            }
        }
    }
}

impl<S> fmt::Debug for HintedLock<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HintedLock({:#b})", self.word.load(Ordering::Relaxed))
    }
}

/// The lock is held; dropped, it is let go.
pub struct Locked<'a, S: Hinted> {
    lock: &'a HintedLock<S>,
    #[cfg(loom)]
    _turn: crate::primitive::MutexGuard<'a, ()>,
}

impl<S: Hinted> Deref for Locked<'_, S> {
    type Target = S;
    #[inline]
    fn deref(&self) -> &S {
        // SAFETY: this thread holds the lock, for as long as this is there.
        self.lock.state.with(|state| unsafe { &*state })
    }
}

impl<S: Hinted> DerefMut for Locked<'_, S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        // SAFETY: as above, and this is borrowed mutably.
        self.lock.state.with_mut(|state| unsafe { &mut *state })
    }
}

impl<S: Hinted> Locked<'_, S> {
    /// Lets the lock go with these hints, for who knows them without having to ask; some may be set in vain.
    #[inline]
    pub fn leave(self, hints: u32) {
        debug_assert_eq!(self.hints() & !LOCKED & !hints, 0, "a hint that is not set is a promise");
        #[cfg(not(loom))]
        {
            self.lock.word.store(hints & !LOCKED, Ordering::Release);
            std::mem::forget(self);
        }
    }
}

impl<S: Hinted> Drop for Locked<'_, S> {
    #[inline]
    fn drop(&mut self) {
        self.lock.word.store(self.hints() & !LOCKED, Ordering::Release);
    }
}

impl<S: Hinted> fmt::Debug for Locked<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locked")
    }
}
