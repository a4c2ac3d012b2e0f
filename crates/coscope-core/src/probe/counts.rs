//! [`Counts`]: a probe that counts, and [`CoroutineMetrics`], what it has counted. Imports `event`, `interface`,
//! `audience`.

use std::fmt;

use super::audience::number_of_thread;
use super::event::{Blocked, Launched, Outcome, StepEnd};
use super::interface::Probe;
use crate::primitive::{AtomicU64, Ordering};

const SHARDS: usize = 16;

/// Counts what happens to coroutines while it listens, for an exporter of metrics.
///
/// Every thread counts on one of a few lines of memory; [`metrics`](Self::metrics) adds them up.
///
/// ```
/// use coscope::prelude::*;
/// use coscope::probe::{self, Counts};
/// use std::sync::Arc;
///
/// let counts = Arc::new(Counts::new());
/// let listening = probe::install(counts.clone());
/// run_blocking(async |s: Scope| {
///     s.launch(async {});
/// });
/// drop(listening);
/// let now = counts.metrics();
/// assert_eq!((now.launched, now.values, now.alive()), (2, 2, 0)); // with what `run_blocking` runs
/// ```
///
/// In the text format of Prometheus:
///
/// ```
/// use coscope::probe::{self, Counts, CoroutineMetrics};
/// use std::fmt::Write;
/// use std::sync::Arc;
///
/// fn prometheus(now: &CoroutineMetrics) -> String {
///     let mut page = String::new();
///     let outcomes = [
///         ("value", now.values),
///         ("failed", now.failed),
///         ("panicked", now.panicked),
///         ("cancelled", now.cancelled),
///     ];
///     writeln!(page, "# TYPE coscope_coroutines_completed_total counter").unwrap();
///     for (outcome, count) in outcomes {
///         writeln!(page, "coscope_coroutines_completed_total{{outcome=\"{outcome}\"}} {count}").unwrap();
///     }
///     for (name, count) in [("launched", now.launched), ("steps", now.steps), ("wakes", now.wakes)] {
///         writeln!(page, "# TYPE coscope_{name}_total counter\ncoscope_{name}_total {count}").unwrap();
///     }
///     writeln!(page, "# TYPE coscope_coroutines_alive gauge\ncoscope_coroutines_alive {}", now.alive()).unwrap();
///     page
/// }
///
/// let counts = Arc::new(Counts::new());
/// let _listening = probe::install(counts.clone());
/// coscope::run_blocking(async |_: coscope::Scope| {});
/// assert!(prometheus(&counts.metrics()).contains("coscope_launched_total 1\n"));
/// ```
#[derive(Default)]
pub struct Counts([Shard; SHARDS]);

/// What the threads count that have this one.
#[derive(Default)]
#[repr(align(128))]
struct Shard {
    launched: AtomicU64,
    steps: AtomicU64,
    yields: AtomicU64,
    wakes: AtomicU64,
    waits: AtomicU64,
    cancels: AtomicU64,
    values: AtomicU64,
    failed: AtomicU64,
    panicked: AtomicU64,
    cancelled: AtomicU64,
}

impl Counts {
    /// Nothing counted yet.
    ///
    /// ```
    /// assert_eq!(coscope::probe::Counts::new().metrics().launched, 0);
    /// ```
    pub fn new() -> Self {
        Counts::default()
    }

    /// What was counted until now. Each figure is right for itself; they are not taken at one instant.
    ///
    /// ```
    /// let counts = coscope::probe::Counts::new();
    /// assert_eq!(counts.metrics(), coscope::probe::CoroutineMetrics::default());
    /// ```
    pub fn metrics(&self) -> CoroutineMetrics {
        let sum = |count: fn(&Shard) -> &AtomicU64| {
            self.0.iter().map(|shard| count(shard).load(Ordering::Relaxed)).sum()
        };
        CoroutineMetrics {
            // first what has ended, so that no more have than were launched
            values: sum(|shard| &shard.values),
            failed: sum(|shard| &shard.failed),
            panicked: sum(|shard| &shard.panicked),
            cancelled: sum(|shard| &shard.cancelled),
            launched: sum(|shard| &shard.launched),
            cancels: sum(|shard| &shard.cancels),
            steps: sum(|shard| &shard.steps),
            yields: sum(|shard| &shard.yields),
            wakes: sum(|shard| &shard.wakes),
            waits: sum(|shard| &shard.waits),
        }
    }

    fn add(&self, count: fn(&Shard) -> &AtomicU64) {
        count(&self.0[number_of_thread() % SHARDS]).fetch_add(1, Ordering::Relaxed);
    }
}

impl Probe for Counts {
    fn launched(&self, _launched: &Launched<'_>) {
        self.add(|shard| &shard.launched);
    }
    fn step_ended(&self, _coroutine: u64, end: StepEnd) {
        self.add(|shard| &shard.steps);
        if end == StepEnd::Yielded {
            self.add(|shard| &shard.yields);
        }
    }
    fn woken(&self, _coroutine: u64) {
        self.add(|shard| &shard.wakes);
    }
    fn cancelled(&self, _coroutine: u64) {
        self.add(|shard| &shard.cancels);
    }
    fn completed(&self, _coroutine: u64, outcome: Outcome) {
        self.add(match outcome {
            Outcome::Value => |shard| &shard.values,
            Outcome::Failed => |shard| &shard.failed,
            Outcome::Panicked => |shard| &shard.panicked,
            Outcome::Cancelled => |shard| &shard.cancelled,
        });
    }
    fn blocked(&self, _blocked: &Blocked) {
        self.add(|shard| &shard.waits);
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.metrics().fmt(f)
    }
}

/// What has happened to coroutines while a [`Counts`] listened. All of it only grows.
///
/// ```
/// use coscope::probe::{self, Counts, CoroutineMetrics};
/// use std::sync::Arc;
///
/// let counts = Arc::new(Counts::new());
/// let _listening = probe::install(counts.clone());
/// coscope::run_blocking(async |_: coscope::Scope| coscope::yield_now().await);
/// let now: CoroutineMetrics = counts.metrics();
/// assert_eq!((now.steps, now.yields), (2, 1));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoroutineMetrics {
    /// Coroutines launched.
    pub launched: u64,
    /// Coroutines that have completed with a value.
    pub values: u64,
    /// Coroutines that have completed with an `Err`.
    pub failed: u64,
    /// Coroutines that have completed with a panic.
    pub panicked: u64,
    /// Coroutines that have completed by a cancel.
    pub cancelled: u64,
    /// Coroutines that were cancelled, in time or too late.
    pub cancels: u64,
    /// Steps that have ended.
    pub steps: u64,
    /// Steps that have ended by giving way to others.
    pub yields: u64,
    /// How often a suspended coroutine was woken.
    pub wakes: u64,
    /// How often a coroutine had to wait for a lock, permits, a channel or a job.
    pub waits: u64,
}

impl CoroutineMetrics {
    /// Coroutines that have completed, in one way or another.
    ///
    /// ```
    /// assert_eq!(coscope::probe::Counts::new().metrics().completed(), 0);
    /// ```
    pub fn completed(&self) -> u64 {
        self.values + self.failed + self.panicked + self.cancelled
    }

    /// Coroutines that were launched while it listened and have not completed.
    ///
    /// ```
    /// assert_eq!(coscope::probe::Counts::new().metrics().alive(), 0);
    /// ```
    pub fn alive(&self) -> u64 {
        self.launched.saturating_sub(self.completed())
    }
}
