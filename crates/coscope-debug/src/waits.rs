//! [`Resource`]: what somebody waits for, who has it, and who waits. Plain data, taken from the store at one
//! moment; coroutines are meant by their numbers.

use std::time::Duration;

use crate::record::Place;

/// A mutex, a semaphore, a channel, a job.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// `Mutex`, `Semaphore` …
    pub(crate) on: &'static str,
    /// Which one: an address, or the number of a job.
    pub(crate) which: u64,
    pub(crate) holders: Vec<Holder>,
    /// Whether nobody but the holders can let a waiter go on.
    pub(crate) holders_are_all: bool,
    /// It is a channel, the waiters want to send, and nobody waits to receive. Its holders are those who have
    /// received, the last one first.
    pub(crate) wants_receiver: bool,
    /// For how long nobody has had it, though it was given back and somebody waits.
    pub(crate) free_for: Option<Duration>,
    /// The one who has waited longest first.
    pub(crate) waiters: Vec<Waiter>,
}

#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) id: u64,
    /// Where it asked for what it has.
    pub(crate) at: Option<Place>,
}

#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    pub(crate) id: u64,
    pub(crate) at: Option<Place>,
    /// For how long it has waited.
    pub(crate) since: Duration,
    /// Which of all waits this is.
    pub(crate) serial: u64,
    /// It waits for something else as well, whichever comes first: in a select.
    pub(crate) has_others: bool,
    /// A timeout will cut it off: around it, or further up.
    pub(crate) has_deadline: bool,
}

/// What a job is called as a resource.
pub(crate) const JOB: &str = "Job";
/// What a semaphore is called: of that somebody may have given back too little.
pub(crate) const SEMAPHORE: &str = "Semaphore";

/// One who waits, or whom others wait for.
#[derive(Clone, Copy)]
pub(crate) struct Met {
    pub(crate) key: u64,
    /// For how long it has been in its state.
    pub(crate) in_state: Option<Duration>,
}
