//! [`PoolMetrics`]: what a pool is at, at one moment. Imports `pool`, `process`.

use coscope_core::primitive::Ordering;

use crate::pool::Pool;
use crate::process::process;

/// What the process's pool is at. Each figure is right for itself; they are not taken at one instant.
///
/// ```
/// let now: coscope::PoolMetrics = coscope::pool_metrics();
/// assert!(now.cpu_permits_free <= now.cpu_permits);
/// println!("{} threads, {} steps wait", now.threads, now.default_queued);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolMetrics {
    /// Threads there are, those being started included.
    pub threads: usize,
    /// Threads that are parked.
    pub idle_threads: usize,
    /// Threads in a step without a CPU permit.
    pub blocking_threads: usize,
    /// CPU permits.
    pub cpu_permits: usize,
    /// CPU permits that no thread holds.
    pub cpu_permits_free: usize,
    /// How many steps of IO may run at once.
    pub io_permits: usize,
    /// How many places of IO are taken.
    pub io_running: usize,
    /// CPU steps that wait.
    pub default_queued: usize,
    /// Steps of IO that wait.
    pub io_queued: usize,
    /// Blocking steps, of all views, that wait for a thread.
    pub blocking_queued: usize,
    /// How often a thread has stolen from another's lane.
    pub steals: u64,
    /// How often a parked thread has been woken.
    pub wakes: u64,
    /// Threads that have ended for want of work.
    pub retired: u64,
    /// Timers that wait.
    pub timers: usize,
}

impl Pool {
    /// What this pool is at, IO left out.
    ///
    /// ```
    /// let pool = coscope_scheduler::Builder::new().build();
    /// assert_eq!(pool.metrics().default_queued, 0);
    /// ```
    pub fn metrics(&self) -> PoolMetrics {
        let counts = self.idle.state.load();
        PoolMetrics {
            threads: counts.threads(),
            idle_threads: self.idle.parked(),
            blocking_threads: counts.blocking(),
            cpu_permits: self.idle.permits(),
            cpu_permits_free: counts.free(),
            default_queued: self.lanes.queued(),
            blocking_queued: self.blocking_queued(),
            steals: self.lanes.steals(),
            wakes: self.idle.wakes(),
            retired: self.retired.load(Ordering::Relaxed),
            timers: self.timers.len(),
            ..PoolMetrics::default()
        }
    }
}

/// What the process's pool is at.
///
/// ```
/// assert!(coscope::pool_metrics().io_permits >= 1);
/// ```
pub fn pool_metrics() -> PoolMetrics {
    let process = process();
    let io = process.io_view.view();
    PoolMetrics {
        io_permits: io.limit(),
        io_running: io.running(),
        io_queued: io.queued(),
        ..process.pool.metrics()
    }
}
