//! [`Cpu`]: the dispatcher of CPU steps, Default. Imports `pool`.

use std::sync::{Arc, Weak};

use coscope_core::dispatch::{Dispatch, Dispatcher, Runnable};

use crate::pool::Pool;

/// Runs as many steps at once as the pool has CPU permits.
#[derive(Debug)]
pub(crate) struct Cpu {
    me: Weak<Cpu>,
    pool: Arc<Pool>,
}

impl Cpu {
    pub(crate) fn new(pool: Arc<Pool>) -> Arc<Self> {
        Arc::new_cyclic(|me| Cpu { me: me.clone(), pool })
    }
}

impl Dispatch for Cpu {
    #[inline]
    fn dispatch(&self, runnable: Runnable) {
        self.pool.dispatch_cpu(runnable);
    }

    fn dispatch_yield(&self, runnable: Runnable) {
        self.pool.dispatch_cpu_last(runnable);
    }

    fn may_leave_in_place(&self) -> bool {
        true
    }

    fn enter_in_place(&self) -> bool {
        self.pool.enter_in_place(true)
    }

    fn limited_parallelism(&self, n: usize, name: Option<&str>) -> Option<Dispatcher> {
        // as many as there are permits, or more, limit nothing
        let plain = n >= self.pool.idle.permits() && name.is_none();
        if plain { self.me.upgrade().map(|me| Dispatcher::from_arc(me)) } else { None }
    }

    fn name(&self) -> &str {
        "Dispatchers.Default"
    }
}

impl Pool {
    /// A dispatcher of CPU steps on this pool.
    pub fn cpu(self: &Arc<Self>) -> Dispatcher {
        Dispatcher::from_arc(Cpu::new(self.clone()))
    }
}
