//! The scheduling word of a coroutine, and nothing else: its bits, and every transition by name.
//!
//! ```text
//!                      (2) notify, cancel, start       BUSY
//!        NEW/IDLE ───────────────────────────────► a runnable is out ◄──────┐
//!           ▲                                          │ (3) run            │
//!           │ (4) pend: nothing to do                  ▼                    │ (4) pend: notified
//!           └───────────────────────────────── its step is under way ───────┘     meanwhile
//!                                                      │ (5) end: ready, or cut
//!                                                      ▼
//!                                                    ENDED ── (6) drop_interest / take
//! ```
//!
//! | bit | means | who sets it, who clears it |
//! |---|---|---|
//! | `BUSY` | one `Runnable` of this coroutine is out, or its step is under way | birth, notify, cancel, start; pend, end |
//! | `CANCEL` | the future is to be dropped at its next suspension, unless a shield is open | cancel; – |
//! | `ENDED` | the future is gone | end, refused; – |
//! | `INTEREST` | a `Deferred` is there | birth; drop_interest, take |
//! | `STORED` | the stage holds the result, for whoever holds `INTEREST`; without one it means nothing | end; take |
//! | `ATOMIC` | the first step is a poll, cancelled or not | birth; run |
//! | `NEW` | lazy, not started | birth; start, cancel |
//! | `PANICKED` | the body panicked | end; – |
//! | `FAILED` | the body ended without a value, for this or another reason | end; – |
//! | `NOTIFIED(slot)` | a waker of that slot was woken (16 slots; 0 is home) while it was `BUSY` | notify, cancel; run, pend |
//!
//! **The stage** (future, result, nothing) may be touched by: whoever runs the one step, which `BUSY` stands for, up to
//! `pend` or `end`; after `ENDED` with `STORED`, the one who clears `INTEREST`. Everything else in the cell is atomic,
//! locked or never changes.
//!
//! **A step that nobody has interfered with changes nothing in the word when it begins, nor when it only has itself run
//! again**: there is one `Runnable` before, during and after it, and whose it is, its queue says. Others find `BUSY` all
//! the time, and leave a bit. The looks there are plain loads; what they miss, the look that gives `BUSY` up sees, which
//! is a read-modify-write.
//!
//! A `Runnable` needs no count on the cell: as long as one is out the coroutine has not ended, so its
//! job has not completed, so the parent's list keeps it. After a `Runnable` is published its
//! publisher touches nothing that only it keeps alive.

use std::fmt;

use crate::job::waker::SLOTS;
use crate::primitive::{AtomicU32, Ordering, Switch};

const BUSY: u32 = 1;
const CANCEL: u32 = 1 << 2;
const ENDED: u32 = 1 << 3;
const INTEREST: u32 = 1 << 4;
const STORED: u32 = 1 << 5;
const ATOMIC: u32 = 1 << 6;
const NEW: u32 = 1 << 7;
const PANICKED: u32 = 1 << 8;
const FAILED: u32 = 1 << 9;
const NOTIFIED: u32 = 1 << 16;
const NOTIFIED_MASK: u32 = 0xFFFF << 16;

const _: () = assert!(NOTIFIED_MASK.count_ones() as usize == SLOTS);

/// What a wake or a cancel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Wake {
    /// The caller dispatches the coroutine.
    Schedule,
    /// Somebody else will look.
    Nothing,
}

/// What a dispatched step is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Run {
    Poll,
    Cut,
}

/// What follows a poll that was pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Pend {
    /// Nothing: the cell may be gone already.
    Idle,
    /// Woken meanwhile: the caller dispatches it for that slot.
    Again(u8),
    /// Cancelled meanwhile: the caller drops the future.
    Cut,
}

/// How a coroutine stands, for those who look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    New,
    Scheduled,
    Running,
    Idle,
    Ended,
}

/// How a coroutine is born.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Birth {
    /// With a `Runnable` out.
    Scheduled,
    /// Lazy.
    New,
    /// With its first step under way on the launching thread.
    Running,
    /// With a `Runnable` out, whose step is a poll even if a cancel comes first.
    Atomic,
}

/// The word, and a note for those who look: that a step is under way.
pub(crate) struct State(AtomicU32, Switch);

impl State {
    pub(crate) fn new(birth: Birth, interest: bool) -> Self {
        let word = match birth {
            Birth::Scheduled | Birth::Running => BUSY,
            Birth::New => NEW,
            Birth::Atomic => BUSY | ATOMIC,
        };
        let runs = if birth == Birth::Running { Switch::on() } else { Switch::off() };
        State(AtomicU32::new(word | if interest { INTEREST } else { 0 }), runs)
    }

    /// The one compare-and-swap loop. Always writes, so that what a waker's thread did before is
    /// seen by the poll that follows.
    #[inline]
    fn transition<T>(&self, mut step: impl FnMut(u32) -> (u32, T)) -> T {
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            let (next, outcome) = step(word);
            match self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return outcome,
                Err(now) => word = now,
            }
        }
    }

    /// The caller's step is to come, or else `otherwise` is left for the one that is.
    fn schedule_if_idle(word: u32, otherwise: u32) -> (u32, Wake) {
        if word & (BUSY | ENDED | NEW) == 0 {
            (word | BUSY, Wake::Schedule)
        } else {
            (word | otherwise, Wake::Nothing)
        }
    }

    /// (2) A waker of `slot` was woken.
    #[inline]
    pub(crate) fn notify(&self, slot: usize) -> Wake {
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            if word & ENDED != 0 {
                return Wake::Nothing;
            }
            let (next, wake) = Self::schedule_if_idle(word, NOTIFIED << slot);
            match self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return wake,
                Err(now) => word = now,
            }
        }
    }

    /// (2) The job is being cancelled, or a shield has ended that a cancel waited for. A lazy coroutine is
    /// dispatched to be dropped. It is a wake as well: a `pend` that has seen the shield still open must
    /// look again.
    pub(crate) fn cancel(&self) -> Wake {
        self.transition(|word| {
            if word & ENDED != 0 {
                (word, Wake::Nothing)
            } else {
                Self::schedule_if_idle((word | CANCEL | NOTIFIED) & !NEW, 0)
            }
        })
    }

    /// (2) A lazy coroutine begins.
    pub(crate) fn start(&self) -> Wake {
        self.transition(|word| {
            if word & NEW == 0 { (word, Wake::Nothing) } else { Self::schedule_if_idle(word & !NEW, 0) }
        })
    }

    /// (3) A dispatched step begins, for `slot`.
    #[inline]
    pub(crate) fn run(&self, slot: usize, shielded: impl Fn() -> bool) -> Run {
        self.1.set(true);
        let word = self.0.load(Ordering::Acquire);
        debug_assert!(word & (BUSY | ENDED) == BUSY, "{self:?}");
        if word & (CANCEL | ATOMIC | (NOTIFIED << slot)) == 0 {
            Run::Poll
        } else {
            self.run_after(slot, shielded)
        }
    }

    /// Something has come before the step.
    #[inline(never)]
    fn run_after(&self, slot: usize, shielded: impl Fn() -> bool) -> Run {
        self.transition(|word| {
            let cut = word & CANCEL != 0 && word & ATOMIC == 0 && !shielded();
            (word & !(ATOMIC | (NOTIFIED << slot)), if cut { Run::Cut } else { Run::Poll })
        })
    }

    /// (4) The poll, in `slot`, was pending. Slots that were notified meanwhile, or that the poll itself has
    /// `woken` (a bit for each), take turns: the next one after `slot` goes first, so that none keeps the others
    /// waiting. `note` is called before the coroutine is idle, perhaps in vain, and more than once.
    #[inline]
    pub(crate) fn pend(&self, slot: usize, woken: u16, shielded: impl Fn() -> bool, note: impl Fn()) -> Pend {
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            let all = word | (u32::from(woken) << 16);
            let notified = (all & NOTIFIED_MASK) >> 16;
            let (next, outcome) = if word & CANCEL != 0 && !shielded() {
                (all, Pend::Cut)
            } else if notified != 0 {
                let later = notified & (u32::MAX << slot << 1);
                let next = if later != 0 { later } else { notified }.trailing_zeros();
                (all & !(NOTIFIED << next), Pend::Again(next as u8)) // the runnable stands for it
            } else {
                note();
                (word & !BUSY, Pend::Idle)
            };
            self.1.set(outcome == Pend::Cut);
            if next == word && outcome != Pend::Cut {
                return outcome; // it has woken nobody but itself, and nobody has interfered
            }
            match self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return outcome,
                Err(now) => word = now,
            }
        }
    }

    /// (5) The future is gone. `true` if the result that the caller has stored has a taker; else it
    /// is the caller's to drop.
    #[inline]
    pub(crate) fn end(&self, stored: bool, panicked: bool, failed: bool) -> bool {
        let bit = |set: bool, bit: u32| if set { bit } else { 0 };
        // `BUSY` is set, the others are not: an addition changes these bits and no other
        let ended = ENDED - BUSY + bit(stored, STORED) + bit(panicked, PANICKED) + bit(failed, FAILED);
        let word = self.0.load(Ordering::Relaxed);
        if word & INTEREST == 0 {
            // nobody else decides anything by the word any more: others leave a bit at most, for a step that does not come
            self.0.store(word + ended, Ordering::Release);
            return false;
        }
        let word = self.0.fetch_add(ended, Ordering::AcqRel);
        debug_assert!(word & (BUSY | ENDED | STORED | PANICKED | FAILED) == BUSY, "{word:x}");
        stored && word & INTEREST != 0
    }

    /// The parent has refused the coroutine, which never runs: nobody knows it yet.
    pub(crate) fn refused(&self) {
        self.0.fetch_or(ENDED, Ordering::AcqRel);
    }

    /// (6) The `Deferred` goes, or takes the result. `true` if the result is the caller's now.
    #[inline]
    pub(crate) fn drop_interest(&self) -> bool {
        let word = self.0.load(Ordering::Acquire);
        if word & ENDED != 0 {
            // nobody else changes it any more, though wakers may still write what they have read
            self.0.store(word & !(INTEREST | STORED), Ordering::Relaxed);
            return word & STORED != 0;
        }
        self.transition(|word| (word & !(INTEREST | STORED), word & STORED != 0))
    }

    /// How it stands.
    pub(crate) fn stand(&self) -> Stand {
        let word = self.0.load(Ordering::Acquire);
        match () {
            () if word & ENDED != 0 => Stand::Ended,
            () if word & BUSY != 0 && self.1.is_on() => Stand::Running,
            () if word & BUSY != 0 => Stand::Scheduled,
            () if word & NEW != 0 => Stand::New,
            () => Stand::Idle,
        }
    }

    /// The stage holds the result.
    pub(crate) fn is_stored(&self) -> bool {
        self.0.load(Ordering::Acquire) & STORED != 0
    }

    /// The body ended without a value.
    pub(crate) fn is_failed(&self) -> bool {
        self.0.load(Ordering::Acquire) & FAILED != 0
    }

    /// The body panicked.
    pub(crate) fn is_panicked(&self) -> bool {
        self.0.load(Ordering::Acquire) & PANICKED != 0
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 10] =
            ["BUSY", "-", "CANCEL", "ENDED", "INTEREST", "STORED", "ATOMIC", "NEW", "PANICKED", "FAILED"];
        let word = self.0.load(Ordering::Acquire);
        let set = NAMES.iter().enumerate().filter(|(bit, _)| word & (1 << bit) != 0);
        f.debug_list().entries(set.map(|(_, name)| name)).finish()?;
        write!(f, " notified {:#b}", word >> 16)
    }
}
