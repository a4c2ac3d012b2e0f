//! The process's own pool and dispatchers, made at their first use. Imports `pool`, `cpu`, `io`, `main_dispatcher`.

use std::sync::{Arc, LazyLock, OnceLock};

use coscope_core::dispatch::{self, Dispatcher, PoolFigures, Runtime};
use coscope_core::time::Clock;

use crate::builder::Builder;
use crate::io::{Blocking, Io};
use crate::main_dispatcher::Main;
use crate::pool::Pool;

/// A pool with its dispatchers.
pub(crate) struct Process {
    pub(crate) pool: Arc<Pool>,
    clock: Arc<dyn Clock>,
    pub(crate) cpu: Dispatcher,
    pub(crate) blocking: Dispatcher,
    pub(crate) io: Dispatcher,
    pub(crate) io_view: Arc<Io>,
    pub(crate) unconfined: Dispatcher,
    pub(crate) main: Dispatcher,
    pub(crate) main_immediate: Dispatcher,
}

static PROCESS: LazyLock<Process> = LazyLock::new(|| {
    let pool = Builder::new().build();
    let blocking = Dispatcher::new(Blocking(pool.clone()));
    let io_view = Arc::new(Io::lasting(blocking.clone(), pool.options.io_limit));
    Process {
        cpu: Dispatcher::lasting(pool.clone()),
        io: Dispatcher::lasting(io_view.clone()),
        unconfined: Dispatcher::unconfined(),
        main: Dispatcher::new(Main { immediate: false }),
        main_immediate: Dispatcher::new(Main { immediate: true }),
        clock: pool.clone(),
        pool,
        blocking,
        io_view,
    }
});

/// The process's own.
#[inline]
pub(crate) fn process() -> &'static Process {
    &PROCESS
}

struct Installed;

impl Runtime for Installed {
    fn default_dispatcher(&self) -> Dispatcher {
        process().cpu.clone()
    }
    fn io_dispatcher(&self) -> Dispatcher {
        process().io.clone()
    }
    fn clock(&self) -> &Arc<dyn Clock> {
        &process().clock
    }
    fn block(&self, park: &mut dyn FnMut()) {
        crate::pool::blocking(park);
    }
    fn pools(&self) -> Vec<PoolFigures> {
        let Process { pool, io_view, .. } = process();
        let (now, io) = (pool.metrics(), io_view.view());
        let figures = |list: &[(&'static str, usize)]| {
            list.iter().map(|&(name, figure)| (name, figure as u64)).collect()
        };
        let cpu = figures(&[
            ("threads", now.threads),
            ("idle", now.idle_threads),
            ("permits", now.cpu_permits),
            ("permits_free", now.cpu_permits_free),
            ("queued", now.default_queued),
            ("timers", now.timers),
        ]);
        let io = figures(&[
            ("threads", now.blocking_threads),
            ("permits", io.limit()),
            ("running", io.running()),
            ("queued", io.queued()),
        ]);
        vec![PoolFigures { name: "Default", figures: cpu }, PoolFigures { name: "IO", figures: io }]
    }
}

/// Installs the process's dispatchers and clock, unless somebody has installed others. Starts no
/// thread. After the first time it costs a load.
///
/// ```
/// coscope_scheduler::install();
/// assert!(coscope_core::dispatch::try_runtime().is_some());
/// ```
#[inline]
pub fn install() {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    INSTALLED.get_or_init(|| dispatch::install(&Installed));
}
