//! The word of one who waits in several places at once, of which one may give him something.
//!
//! A `select` has one [`Claim`] and leaves a [`Ticket`] of it in the queue of each clause. Whoever has something for a
//! ticket claims it first; exactly one claim is granted.
//!
//! ```text
//!                      (3) open                     (4) a claim is granted
//!        ┌──────┐ ───────────────────▶ ┌──────┐ ────────────────────────────▶ ┌────────────┐
//!   ────▶│ BUSY │ ◀─────────────────── │ OPEN │                               │ CLAIMED(i) │
//!        └──────┘      (2) enter       └──────┘                               └────────────┘
//!          │  ▲                                                                     ▲
//!   (1) a  │  │ (3) open fails: look again                                          │
//!    claim ▼  │                                                                     │
//!        ┌────────┐                  (5) commit: the owner has found something      │
//!        │ MISSED │ ────────────────────────────────────────────────────────────────┘
//!        └────────┘                  (from BUSY as well)
//! ```
//!
//! | state | who sets it | means |
//! |---|---|---|
//! | `BUSY` | the owner: at birth, `enter` | its owner looks at the clauses, perhaps commits one: nobody else may |
//! | `MISSED` | `Ticket::claim`, over `BUSY` | as `BUSY`, and somebody had something meanwhile and passed by |
//! | `OPEN` | the owner, `open` | nobody has anything; the first to claim is granted |
//! | `CLAIMED(i)` | `Ticket::claim`, `commit` | clause `i` has won; there is no way back |
//!
//! **Both sides of a meeting may be selects.** Each commits while it is busy itself, so that nobody claims it, and by
//! claiming the other, which must be open: two words, but only one that both could change. Two that are busy at once pass
//! each other by, each finds itself missed, and looks again.
//!
//! **The waker** may be touched by the owner while `BUSY` or `MISSED`, and by the one whose claim was granted, until it
//! lets go of the lock of the queue in which it found the ticket. **A ticket** may be claimed under that lock as long
//! as it stands in the queue; its clause takes it out before the claim goes.

use std::fmt;
use std::marker::PhantomPinned;
use std::ptr::NonNull;
use std::task::Waker;

use crate::primitive::{AtomicUsize, Ordering, UnsafeCell};

const BUSY: usize = 0;
const MISSED: usize = 1;
const OPEN: usize = 2;
const CLAIMED: usize = 3;
const STATE: usize = 3;

const fn claimed(index: usize) -> usize {
    index << 2 | CLAIMED
}

/// The word, and whom to wake.
pub(super) struct Claim {
    word: AtomicUsize,
    waker: UnsafeCell<Option<Waker>>,
    _pinned: PhantomPinned,
}

// SAFETY: the word is atomic, and says who may touch the waker (see above), which is `Send`.
unsafe impl Send for Claim {}
// SAFETY: as above.
unsafe impl Sync for Claim {}

/// What came of a claim.
#[derive(Debug)]
#[must_use]
pub enum Claimed {
    /// Granted: the claimer gives what it has, takes the waiter out of the queue and, with no lock held, wakes.
    Granted(Waker),
    /// The owner is looking just now, and will look once more. The claimer passes it by, as if it were not there,
    /// and leaves what it has where the owner will find it.
    Missed,
    /// Another clause has won already.
    Gone,
}

impl Claim {
    /// One that is busy, and that nobody knows.
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Claim { word: AtomicUsize::new(BUSY), waker: UnsafeCell::new(None), _pinned: PhantomPinned }
    }

    /// One that is busy, and that nobody knows.
    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Claim { word: AtomicUsize::new(BUSY), waker: UnsafeCell::new(None), _pinned: PhantomPinned }
    }

    /// A ticket for clause `index`.
    pub(super) fn ticket(&self, index: usize) -> Ticket {
        Ticket { claim: NonNull::from(self), index }
    }

    /// (2) The owner looks again. `Err` with the clause that has won meanwhile.
    pub(super) fn enter(&self) -> Result<(), usize> {
        match self.word.compare_exchange(OPEN, BUSY, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) | Err(BUSY | MISSED) => Ok(()), // busy still: its owner unwound in the midst of a look
            Err(word) => Err(word >> 2),
        }
    }

    /// (3) The owner, busy, has found nothing. `false` if it was missed, and must look again.
    pub(super) fn open(&self, waker: &Waker) -> bool {
        self.waker.with_mut(|own| {
            // SAFETY: the word is `BUSY` or `MISSED`, which makes the waker the owner's.
            let own = unsafe { &mut *own };
            if !own.as_ref().is_some_and(|own| own.will_wake(waker)) {
                *own = Some(waker.clone());
            }
        });
        let opened = self.word.compare_exchange(BUSY, OPEN, Ordering::AcqRel, Ordering::Acquire);
        if opened.is_err() {
            // A swap: whoever found the mark there before this is seen by the look that follows, whoever
            // comes after it marks again.
            self.word.swap(BUSY, Ordering::AcqRel);
        }
        opened.is_ok()
    }

    /// Whether a clause has won.
    pub(super) fn is_claimed(&self) -> bool {
        self.word.load(Ordering::Acquire) & STATE == CLAIMED
    }

    /// (5) The owner, busy, has committed clause `index`.
    #[inline]
    pub(super) fn commit(&self, index: usize) {
        self.word.store(claimed(index), Ordering::Release);
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.load(Ordering::Relaxed);
        match word & STATE {
            BUSY => f.write_str("busy"),
            MISSED => f.write_str("busy, missed"),
            OPEN => f.write_str("open"),
            _ => write!(f, "claimed by {}", word >> 2),
        }
    }
}

/// A clause of a claim, as it stands in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    claim: NonNull<Claim>,
    index: usize,
}

// SAFETY: a pointer to what is `Sync`; following it is `claim`'s contract.
unsafe impl Send for Ticket {}
// SAFETY: as above.
unsafe impl Sync for Ticket {}

impl Ticket {
    /// Whether both are tickets of one select: it does not meet itself.
    pub fn is_of_the_same(self, other: Ticket) -> bool {
        self.claim == other.claim
    }

    /// The claim and the number of the clause.
    #[inline]
    pub(super) fn into_parts(self) -> (*const (), usize) {
        (self.claim.as_ptr().cast_const().cast(), self.index)
    }

    /// What came out of [`into_parts`](Self::into_parts).
    #[inline]
    pub(super) fn from_parts(claim: *const (), index: usize) -> Self {
        let claim = NonNull::new(claim.cast_mut().cast()).expect("a claim has an address");
        Ticket { claim, index }
    }

    /// That of another clause of the same select.
    #[inline]
    pub(super) fn of_clause(self, index: usize) -> Ticket {
        Ticket { index, ..self }
    }

    /// (1), (4) Claims the select for this clause.
    ///
    /// # Safety
    /// The ticket stands in a queue whose lock is held, and its clause takes it out under the same lock before it goes.
    pub unsafe fn claim(self) -> Claimed {
        // SAFETY: the clause is there (the contract), and a claim outlives its clauses (`Contest`).
        let claim = unsafe { self.claim.as_ref() };
        let mut word = claim.word.load(Ordering::Acquire);
        loop {
            let next = match word & STATE {
                BUSY | MISSED => MISSED, // written also where it stands already: see `open`
                OPEN => claimed(self.index),
                _ => return Claimed::Gone,
            };
            match claim.word.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) if next == MISSED => return Claimed::Missed,
                Ok(_) => {
                    // SAFETY: granted to this caller alone, and the owner waits for the lock that it holds.
                    let waker = claim.waker.with_mut(|waker| unsafe { (*waker).take() });
                    return Claimed::Granted(waker.expect("whoever opens leaves a waker"));
                }
                Err(now) => word = now,
            }
        }
    }
}
