//! The pool as a dispatcher: of CPU steps, Default. Imports `pool`.

use std::sync::Arc;

use coscope_core::dispatch::{Dispatch, Dispatcher, Runnable};

use crate::pool::Pool;

/// Runs as many steps at once as the pool has CPU permits.
impl Dispatch for Pool {
    #[inline]
    fn dispatch(&self, runnable: Runnable) {
        self.dispatch_cpu(runnable);
    }

    fn dispatch_yield(&self, runnable: Runnable) {
        self.dispatch_cpu_last(runnable);
    }

    fn may_leave_in_place(&self) -> bool {
        true
    }

    fn enter_in_place(&self) -> bool {
        self.exchange(true)
    }

    fn limited_parallelism(&self, n: usize, name: Option<&str>) -> Option<Dispatcher> {
        // as many as there are permits, or more, limit nothing
        let plain = n >= self.idle.permits() && name.is_none();
        plain.then(|| Dispatcher::from_arc(self.shared()))
    }

    fn name(&self) -> &str {
        "Dispatchers.Default"
    }
}

impl Pool {
    /// A dispatcher of CPU steps on this pool.
    ///
    /// ```
    /// use coscope::{Scope, run_blocking};
    ///
    /// let pool = coscope_scheduler::Builder::new().build();
    /// assert_eq!(run_blocking(async |s: Scope| s.on(pool.cpu()).spawn(async { 42 }).await), 42);
    /// ```
    pub fn cpu(self: &Arc<Self>) -> Dispatcher {
        Dispatcher::from_arc(self.clone())
    }
}
