//! The pool as the real clock: its parked threads keep the time, its workers fire between steps,
//! the watch fires what all others are too busy for.
//!
//! Imports `local`, `park`, `pool`.

use std::sync::Arc;

use coscope_core::time::{Clock, Instant, Timers};

use crate::local::Local;
use crate::park::Signal;
use crate::pool::Pool;

impl Clock for Pool {
    fn now(&self) -> Instant {
        Instant::system_now()
    }

    fn timers(&self) -> &Arc<Timers> {
        &self.timers
    }

    fn wake_by(&self, deadline: Instant) {
        self.watch.wake_by(deadline, || self.start_watchman());
        // a worker looks itself, between steps or before it parks
        let looks_itself = Local::with(|local| local.works_for(self.key())).unwrap_or(false);
        if !looks_itself && deadline < self.kept() {
            self.idle.wake_one(Signal::Look);
        }
    }
}
