//! [`interval`]: ticks at a fixed rate or with a fixed pause.

use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use super::{Delay, now};
use crate::time::Instant;

/// Ticks at a fixed rate or with a fixed pause; see [`interval`].
///
/// ```
/// # use coscope::{Interval, prelude::*};
/// # use std::time::Duration;
/// run_blocking(async |_| {
///     let mut ticks: Interval = interval(Duration::from_millis(1)).fixed_delay();
///     let first = ticks.tick().await;
///     assert!(ticks.tick().await - first >= Duration::from_millis(1));
/// });
/// ```
#[derive(Debug)]
pub struct Interval {
    next: Option<Instant>,
    first: Duration,
    period: Duration,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Rate,
    Pause,
}

/// Ticks every `period`, the first time at once, at a **fixed rate**: ticks are due at multiples of the period
/// after the first, whatever the time between took, so that no drift builds up. Ticks that were missed are skipped.
///
/// ```
/// # use coscope::prelude::*;
/// # use std::time::Duration;
/// run_blocking(async |_| {
///     let mut ticks = interval(Duration::from_millis(1));
///     let first = ticks.tick().await;
///     let second = ticks.tick().await;
///     assert_eq!((second - first).as_micros() % 1000, 0); // at multiples of the period
/// });
/// ```
///
/// # Panics
/// If `period` is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    assert!(!period.is_zero(), "interval(0): ticks without time in between never end");
    Interval { next: None, first: Duration::ZERO, period, rule: Rule::Rate }
}

impl Interval {
    /// The first tick comes this long after the first call of [`tick`](Self::tick).
    ///
    /// ```
    /// # use coscope::{now, prelude::*};
    /// # use std::time::Duration;
    /// run_blocking(async |_| {
    ///     let begin = now();
    ///     let mut ticks = interval(Duration::from_secs(1)).initial_delay(Duration::from_millis(3));
    ///     assert!(ticks.tick().await - begin >= Duration::from_millis(3));
    /// });
    /// ```
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.first = delay;
        self
    }

    /// Counts the period from the tick before, when it was taken, instead of keeping the rate.
    ///
    /// ```
    /// # use coscope::{now, prelude::*};
    /// # use std::time::Duration;
    /// run_blocking(async |_| {
    ///     let mut ticks = interval(Duration::from_millis(2)).fixed_delay();
    ///     let begin = now();
    ///     ticks.tick().await; // however late it is taken, the next is 2 ms after that
    ///     assert!(ticks.tick().await - begin >= Duration::from_millis(2));
    /// });
    /// ```
    pub fn fixed_delay(mut self) -> Self {
        self.rule = Rule::Pause;
        self
    }

    /// Waits for the next tick and gives the instant at which it was due.
    ///
    /// ```
    /// # use coscope::{now, prelude::*};
    /// # use std::time::Duration;
    /// run_blocking(async |_| {
    ///     let mut ticks = interval(Duration::from_millis(1));
    ///     let due = ticks.tick().await;
    ///     assert!(due <= now());
    /// });
    /// ```
    ///
    /// # Cancellation
    /// Safe: a tick that is cut comes again.
    #[track_caller]
    pub fn tick(&mut self) -> impl Future<Output = Instant> + Send {
        let site = Location::caller();
        async move {
            let due = *self.next.get_or_insert_with(|| now() + self.first);
            Delay::tick(due, site).await;
            let now = now();
            self.next = Some(match self.rule {
                Rule::Pause => now + self.period,
                Rule::Rate => {
                    let period = self.period.as_nanos();
                    let ahead = ((now - due).as_nanos() / period + 1).saturating_mul(period);
                    due + Duration::from_nanos(u64::try_from(ahead).unwrap_or(u64::MAX))
                }
            });
            due
        }
    }
}
