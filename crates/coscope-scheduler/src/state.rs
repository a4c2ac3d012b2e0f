//! The pool's one word: how many permits are free, and what its threads are at.
//!
//! ```text
//!   63      44 43       24 23      12 11        0
//!  ┌──────────┬───────────┬──────────┬───────────┐
//!  │ threads  │ blocking  │ searching│ free      │
//!  └──────────┴───────────┴──────────┴───────────┘
//!   free       CPU permits that no thread holds
//!   searching  threads that look for CPU work: woken for it, or out of their own
//!   blocking   threads in the middle of a step without a permit
//!   threads    threads there are, parked ones and ones being started included
//! ```
//!
//! Every change is one of the transitions below. All are sequentially consistent: the proof in
//! `idle.md` reads this word and the queues as one history. Imports `primitive` only.

use std::fmt;

use coscope_core::primitive::{AtomicU64, Ordering::SeqCst};

const FREE: u64 = 1;
const SEARCHING: u64 = 1 << 12;
const BLOCKING: u64 = 1 << 24;
const THREADS: u64 = 1 << 44;

/// The most CPU permits that the word can count.
pub(crate) const MOST_PERMITS: usize = 0xFFF;

/// What the word said at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Counts(u64);

impl Counts {
    /// CPU permits that no thread holds.
    pub fn free(self) -> usize {
        (self.0 & 0xFFF) as usize
    }
    /// Threads that look for CPU work.
    pub fn searching(self) -> usize {
        (self.0 >> 12 & 0xFFF) as usize
    }
    /// Threads in the middle of a step without a permit.
    pub fn blocking(self) -> usize {
        (self.0 >> 24 & 0xF_FFFF) as usize
    }
    /// All threads.
    pub fn threads(self) -> usize {
        (self.0 >> 44) as usize
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts")
            .field("free", &self.free())
            .field("searching", &self.searching())
            .field("blocking", &self.blocking())
            .field("threads", &self.threads())
            .finish()
    }
}

/// The word.
#[derive(Debug)]
pub struct State(AtomicU64);

impl State {
    /// All permits free, no threads.
    pub fn new(permits: usize) -> Self {
        debug_assert!(permits <= MOST_PERMITS);
        State(AtomicU64::new(permits as u64))
    }

    /// What it says now.
    #[inline]
    pub fn load(&self) -> Counts {
        Counts(self.0.load(SeqCst))
    }

    /// One transition: `change` says what to add, or that it cannot be.
    #[inline]
    fn update(&self, change: impl Fn(Counts) -> Option<u64>) -> bool {
        let mut now = self.0.load(SeqCst);
        while let Some(delta) = change(Counts(now)) {
            match self.0.compare_exchange_weak(now, now.wrapping_add(delta), SeqCst, SeqCst) {
                Ok(_) => return true,
                Err(actual) => now = actual,
            }
        }
        false
    }

    /// A thread between steps takes a permit, if one is free.
    #[must_use]
    pub fn acquire(&self) -> bool {
        self.update(|counts| (counts.free() > 0).then_some(FREE.wrapping_neg()))
    }

    /// A thread between steps gives its permit back.
    pub fn release(&self) {
        self.0.fetch_add(FREE, SeqCst);
    }

    /// A thread takes a permit in the middle of a step, and is no longer blocking.
    #[must_use]
    pub fn acquire_in_step(&self) -> bool {
        self.update(|counts| (counts.free() > 0).then_some((FREE + BLOCKING).wrapping_neg()))
    }

    /// A thread gives its permit back in the middle of a step, or for a blocking one.
    pub fn release_in_step(&self) {
        self.0.fetch_add(FREE + BLOCKING, SeqCst);
    }

    /// A thread without a permit begins a blocking step.
    pub fn begin_blocking(&self) {
        self.0.fetch_add(BLOCKING, SeqCst);
    }

    /// A thread without a permit has ended its step.
    pub fn end_blocking(&self) {
        self.0.fetch_sub(BLOCKING, SeqCst);
    }

    /// Whoever has queued CPU work makes one thread the searcher: only if none is, and it has a permit to get.
    #[must_use]
    pub fn appoint_searcher(&self) -> bool {
        self.update(|counts| (counts.free() > 0 && counts.searching() == 0).then_some(SEARCHING))
    }

    /// A thread out of work begins to search.
    pub fn start_searching(&self) {
        self.0.fetch_add(SEARCHING, SeqCst);
    }

    /// A search has ended; whether it was the last.
    pub fn stop_searching(&self) -> bool {
        Counts(self.0.fetch_sub(SEARCHING, SeqCst)).searching() == 1
    }

    /// A thread is to be started for CPU work, unless there are as many as permits that do not block.
    #[must_use]
    pub fn add_cpu_thread(&self, permits: usize) -> bool {
        self.update(|counts| (counts.threads() - counts.blocking() < permits).then_some(THREADS))
    }

    /// A thread is to be started.
    pub fn add_thread(&self) {
        self.0.fetch_add(THREADS, SeqCst);
    }

    /// A thread has ended, or could not be started.
    pub fn remove_thread(&self) {
        self.0.fetch_sub(THREADS, SeqCst);
    }
}
