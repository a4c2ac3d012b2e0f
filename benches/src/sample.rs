//! [`Sample`]: what one run of the work cost, and the [`Watch`] that says so. Imports nothing of this crate.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// One run of the work, all `n` operations of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) wall: Duration,
    /// Of all threads of the process.
    pub(crate) cpu: Duration,
    /// The wall time that it would have been without any loss, where the run knows.
    pub(crate) ideal: Option<Duration>,
    /// How often threads woke, where that is looked at.
    pub(crate) wakes: u64,
}

/// Measures from its start to its stop.
#[derive(Debug)]
pub(crate) struct Watch {
    began: Instant,
    cpu: Duration,
}

impl Watch {
    pub(crate) fn start() -> Watch {
        let cpu = cpu_time();
        Watch { began: Instant::now(), cpu }
    }

    /// Stops. The work has to say how much of it was done, so that no compiler leaves it out.
    ///
    /// # Panics
    /// If that is not what was to be done.
    pub(crate) fn stop(self, done: usize, of: usize) -> Sample {
        let wall = self.began.elapsed();
        let cpu = cpu_time().saturating_sub(self.cpu);
        assert_eq!(done, of, "not all of the work was done");
        Sample { wall, cpu, ideal: None, wakes: 0 }
    }
}

/// What the threads of this process have computed so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}
