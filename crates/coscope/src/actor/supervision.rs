//! [`Supervision`]: what becomes of an actor that fails. Imports nothing of this crate.

use std::time::Duration;

/// What becomes of an actor that fails alone; see [`supervised_actor`](super::Actors::supervised_actor).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supervision {
    /// It has ended: its mailbox closes, what was in it is dropped.
    Ignore,
    /// It begins anew after a while, with a new state and the same mailbox.
    Restart(Backoff),
}

/// How long an actor waits before it begins anew: the first time so long, then twice as long each time, up to a limit. Once it
/// has run for longer than that limit, it begins with the first again.
///
/// ```
/// use coscope::actor::{Backoff, Supervision};
/// use std::time::Duration;
///
/// let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10)).at_most(5);
/// let supervision = Supervision::Restart(backoff);
/// # let _ = supervision;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    times: usize,
}

impl Backoff {
    /// From `first`, doubled each time, to `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Backoff { first, longest, times: usize::MAX }
    }

    /// So many times in a row; if it fails once more, it has ended.
    pub fn at_most(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// How long after it has failed so often in a row; `None` if that was too often.
    fn after(&self, failures: usize) -> Option<Duration> {
        let doubled = u32::try_from(failures - 1).ok().and_then(|times| 2u32.checked_pow(times));
        let wait = doubled.map_or(self.longest, |factor| self.first.saturating_mul(factor));
        (failures <= self.times).then(|| wait.min(self.longest))
    }
}

/// How often an actor has failed in a row.
#[derive(Default)]
pub(super) struct Failures(usize);

impl Failures {
    /// One more, of a life that has lasted so long. How long to wait now; `None` if it was one too many.
    pub(super) fn one_more(&mut self, lasted: Duration, backoff: &Backoff) -> Option<Duration> {
        self.0 = if lasted > backoff.longest { 1 } else { self.0 + 1 };
        backoff.after(self.0)
    }
}
