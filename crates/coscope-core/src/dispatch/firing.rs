//! `Timers::fire`: timers know nothing of steps, so their firing is written here, where resuming is known.
//!
//! May import `time`, and here `unconfined`.

use super::resuming;
use crate::time::{Instant, Timers};

impl Timers {
    /// Fires all timers with a deadline of `now` or before, and returns the next deadline, if any.
    ///
    /// Wakers run with no lock held; unconfined coroutines that they resume run before this returns.
    ///
    /// ```
    /// # use coscope_core::time::{Instant, Timers};
    /// assert_eq!(Timers::new(1).fire(Instant::from_nanos(7)), None); // no timer, nothing due
    /// ```
    pub fn fire(&self, now: Instant) -> Option<Instant> {
        resuming(|| self.wake_due(now, usize::MAX))
    }

    /// As [`fire`](Self::fire), about `most` timers. For a thread that then runs what they have resumed, while
    /// it is in the cache, before it fires more.
    ///
    /// ```
    /// # use coscope_core::time::{Instant, Timers};
    /// assert_eq!(Timers::new(1).fire_some(Instant::from_nanos(7), 32), None);
    /// ```
    pub fn fire_some(&self, now: Instant, most: usize) -> Option<Instant> {
        resuming(|| self.wake_due(now, most))
    }

    /// As [`fire_some`](Self::fire_some), for a thread that runs no code of others: unconfined coroutines
    /// that this resumes run on the default dispatcher.
    ///
    /// ```
    /// # use coscope_core::time::{Instant, Timers};
    /// assert_eq!(Timers::new(1).fire_for_others(Instant::from_nanos(7), 32), None);
    /// ```
    pub fn fire_for_others(&self, now: Instant, most: usize) -> Option<Instant> {
        self.wake_due(now, most)
    }
}
