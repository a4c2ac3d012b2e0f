//! [`Runtime`]: the process's own dispatchers and clock, installed once by whoever has threads.
//!
//! The core has none. What needs them without a coroutine around it (a scope polled by a foreign
//! executor, a detached launch) finds them here.

use std::sync::{Arc, OnceLock};

use super::Dispatcher;
use crate::time::Clock;

/// The process's dispatchers and clock.
///
/// ```
/// use coscope_core::dispatch::{Runtime, try_runtime};
///
/// coscope::now(); // an entrance: it installs one
/// let runtime: &dyn Runtime = try_runtime().unwrap();
/// assert_eq!(runtime.default_dispatcher(), coscope::Dispatchers::default());
/// assert_eq!(runtime.io_dispatcher(), coscope::Dispatchers::io());
/// ```
pub trait Runtime: Send + Sync + 'static {
    /// Where coroutines run that nobody sent elsewhere.
    fn default_dispatcher(&self) -> Dispatcher;
    /// Where blocking work runs, and where what is left of a closed dispatcher's coroutines ends.
    fn io_dispatcher(&self) -> Dispatcher;
    /// The real clock.
    fn clock(&self) -> &Arc<dyn Clock>;
    /// Runs `park`, which puts the calling thread to sleep. Whatever permit that holds is for others meanwhile.
    fn block(&self, park: &mut dyn FnMut()) {
        park();
    }
    /// What its pools are at, for people.
    fn pools(&self) -> Vec<PoolFigures> {
        Vec::new()
    }
}

/// What a pool is at, for people: its name, and figures with theirs.
///
/// ```
/// use coscope_core::dispatch::runtime;
///
/// coscope::now(); // an entrance: it installs a runtime
/// let pools = runtime().pools();
/// assert_eq!(pools[0].name, "Default");
/// assert!(pools[0].figures.contains(&("queued", 0)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolFigures {
    /// That of its dispatcher.
    pub name: &'static str,
    /// `threads`, `queued` …
    pub figures: Vec<(&'static str, u64)>,
}

static RUNTIME: OnceLock<&'static dyn Runtime> = OnceLock::new();

/// Installs the process's runtime. The first call wins; `false` if there was one already.
///
/// ```
/// use coscope_core::dispatch::{install, runtime};
///
/// coscope::now();                   // every entrance of coscope installs one; the first call wins
/// assert!(!install(runtime()));
/// ```
pub fn install(runtime: &'static dyn Runtime) -> bool {
    RUNTIME.set(runtime).is_ok()
}

/// The process's runtime, if one is installed.
///
/// ```
/// use coscope_core::dispatch::try_runtime;
///
/// assert!(try_runtime().is_none());
/// coscope::now(); // an entrance: it installs one
/// assert!(try_runtime().is_some());
/// ```
pub fn try_runtime() -> Option<&'static dyn Runtime> {
    RUNTIME.get().copied()
}

/// The process's runtime.
///
/// ```
/// use coscope_core::dispatch::runtime;
///
/// coscope::now(); // an entrance: it installs one
/// assert!(runtime().clock().now() >= coscope_core::time::Instant::ZERO);
/// ```
///
/// # Panics
/// If none is installed: `coscope` installs one at every entrance, `coscope-core` alone has no threads.
pub fn runtime() -> &'static dyn Runtime {
    try_runtime().expect(
        "no runtime is installed: coscope-core has no threads of its own; \
         enter through the coscope crate, or call coscope_scheduler::install() first",
    )
}
