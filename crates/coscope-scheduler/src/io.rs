//! [`Blocking`], the queue of steps that need a thread and no permit, and [`Io`], a limited view of it.
//!
//! Imports `pool`.

use std::sync::Arc;

use coscope_core::dispatch::{Dispatch, Dispatcher, Limited, Runnable};

use crate::pool::Pool;

/// Gives each step a thread, without a limit. What users see are limited views of it.
#[derive(Debug)]
pub(crate) struct Blocking(pub(crate) Arc<Pool>);

impl Dispatch for Blocking {
    fn dispatch(&self, runnable: Runnable) {
        self.0.dispatch_blocking(runnable);
    }

    fn dispatch_yield(&self, runnable: Runnable) {
        self.0.dispatch_blocking_last(runnable);
    }

    fn enter_in_place(&self) -> bool {
        self.0.exchange(false)
    }

    fn name(&self) -> &str {
        "Dispatchers.Blocking"
    }
}

/// Runs at most 64 steps at once (or as many as there are cores, or as configured).
#[derive(Debug)]
pub(crate) struct Io {
    blocking: Dispatcher,
    view: Limited,
}

impl Io {
    pub(crate) fn new(blocking: Dispatcher, limit: usize) -> Self {
        let view = Limited::new(blocking.clone(), limit, Some("Dispatchers.IO".to_owned()));
        Io { blocking, view }
    }

    /// As [`new`](Self::new), and it lasts as long as the process.
    pub(crate) fn lasting(blocking: Dispatcher, limit: usize) -> Self {
        let Io { blocking, view } = Io::new(blocking, limit);
        Io { blocking, view: view.lasting() }
    }

    pub(crate) fn view(&self) -> &Limited {
        &self.view
    }
}

impl Dispatch for Io {
    fn dispatch(&self, runnable: Runnable) {
        self.view.dispatch(runnable);
    }

    fn may_leave_in_place(&self) -> bool {
        true
    }

    fn enter_in_place(&self) -> bool {
        self.view.enter_in_place()
    }

    /// Elastic: a limit of its own, beside that of IO.
    fn limited_parallelism(&self, n: usize, name: Option<&str>) -> Option<Dispatcher> {
        let name = name.map_or_else(|| format!("Dispatchers.IO.limited({n})"), str::to_owned);
        Some(Dispatcher::new(Limited::new(self.blocking.clone(), n, Some(name))))
    }

    fn name(&self) -> &str {
        self.view.name()
    }
}

impl Pool {
    /// A dispatcher of blocking steps on this pool, with its limit of IO.
    ///
    /// ```
    /// use coscope::{Scope, run_blocking};
    ///
    /// let pool = coscope_scheduler::Builder::new().build();
    /// let text = run_blocking(async |s: Scope| {
    ///     s.on(pool.io()).spawn(async { std::fs::read_to_string("Cargo.toml") }).await
    /// });
    /// assert!(text.is_ok());
    /// ```
    pub fn io(self: &Arc<Self>) -> Dispatcher {
        Dispatcher::new(Io::new(Dispatcher::new(Blocking(self.clone())), self.options.io_limit))
    }
}
