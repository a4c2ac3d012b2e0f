//! The word of a limited view, and nothing else: its fields, and every transition by name.
//!
//! ```text
//!   63                 40 39                 16 15     8        0
//!  ┌─────────────────────┬─────────────────────┬────────┬────────┐
//!  │ coming              │ taken               │ visits │ QUEUED │
//!  └─────────────────────┴─────────────────────┴────────┴────────┘
//!   QUEUED   steps lie in the queue. Set and cleared under the queue's lock only
//!   visits   how many have entered since a step was last taken from a queue that was not empty
//!   taken    places that are taken: by runners at work, by steps that have entered in place
//!   coming   runners on their way, which have no place yet
//! ```
//!
//! **Where steps are queued, somebody comes for them**: `QUEUED` with a place that is neither taken nor waited for by
//! a runner on its way does not last. Whoever queues, arrives or leaves sees all of this in one look, and so
//! one of two that meet sees the other.

use std::fmt;

use crate::primitive::{AtomicU64, Ordering};

const QUEUED: u64 = 1;
const VISIT: u64 = 1 << 8;
const TAKEN: u64 = 1 << 16;
const COMING: u64 = 1 << 40;

/// As many may enter in place ahead of those that queue, before one of these has its turn.
const VISITS: u64 = 16;

/// The most places that the word can count.
const MOST: u64 = 0xFF_FFFF;

fn is_queued(word: u64) -> bool {
    word & QUEUED != 0
}
fn visits(word: u64) -> u64 {
    word >> 8 & 0xFF
}
fn taken(word: u64) -> u64 {
    word >> 16 & MOST
}
fn coming(word: u64) -> u64 {
    word >> 40
}

/// The word.
pub(super) struct State {
    word: AtomicU64,
    limit: u64,
}

impl State {
    pub(super) fn new(limit: usize) -> Self {
        State { word: AtomicU64::new(0), limit: (limit as u64).min(MOST) }
    }

    /// The one compare-and-swap loop. What stays as it is, is not written.
    #[inline]
    fn transition<T>(&self, step: impl Fn(u64) -> (u64, T)) -> T {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let (next, outcome) = step(word);
            if next == word {
                return outcome;
            }
            match self.word.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return outcome,
                Err(now) => word = now,
            }
        }
    }

    /// Sends for a runner, if steps are queued and a place has nobody to come for it.
    fn send(&self, word: u64) -> (u64, bool) {
        let send = is_queued(word) && taken(word) + coming(word) < self.limit;
        (if send { word + COMING } else { word }, send)
    }

    /// Takes a place, if one is free and those that queue can wait.
    #[inline]
    pub(super) fn try_enter(&self) -> bool {
        self.transition(|word| {
            let waits = is_queued(word) && visits(word) >= VISITS;
            if taken(word) >= self.limit || waits {
                return (word, false);
            }
            (word + TAKEN + if is_queued(word) { VISIT } else { 0 }, true)
        })
    }

    /// Gives a place back; whether a runner is to be sent.
    #[inline]
    #[must_use]
    pub(super) fn leave(&self) -> bool {
        self.transition(|word| self.send(word - TAKEN))
    }

    /// Under the lock: a step has been queued; whether a runner is to be sent.
    #[must_use]
    pub(super) fn queued(&self) -> bool {
        self.transition(|word| self.send(word | QUEUED))
    }

    /// A runner has arrived; whether there is a place for it, and something to do.
    #[must_use]
    pub(super) fn arrive(&self) -> bool {
        self.transition(|word| {
            let stays = is_queued(word) && taken(word) < self.limit;
            (word - COMING + if stays { TAKEN } else { 0 }, stays)
        })
    }

    /// Under the lock: a runner has taken a step, and perhaps the last one.
    pub(super) fn taken_from(&self, last: bool) {
        self.transition(|word| {
            let had_its_turn = word & !(0xFF * VISIT);
            (if last { had_its_turn & !QUEUED } else { had_its_turn }, ())
        });
    }

    /// Under the lock: a runner has been refused below. `true` if nobody is left who could run what is queued: it
    /// is the caller's now.
    #[must_use]
    pub(super) fn refuse(&self) -> bool {
        self.transition(|word| {
            let word = word - COMING;
            let last = taken(word) == 0 && coming(word) == 0;
            (if last { word & !QUEUED } else { word }, last)
        })
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        usize::try_from(taken(self.word.load(Ordering::Acquire))).expect("three bytes")
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.load(Ordering::Acquire);
        f.debug_struct("State")
            .field("queued", &is_queued(word))
            .field("visits", &visits(word))
            .field("taken", &taken(word))
            .field("coming", &coming(word))
            .finish()
    }
}
