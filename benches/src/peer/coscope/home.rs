//! [`pool`] and [`event_loop`]: where the parent is.

use std::future::Future;

use coscope::{Dispatchers, Scope, run_blocking, run_blocking_on};

use crate::peer::{Run, Setup};
use crate::sample::Sample;

/// The variable that says how many workers the pool has. It has to be there when the process begins.
const VARIABLE: &str = "COSCOPE_DEFAULT_PARALLELISM";

/// The variable and its value, if this process was begun without it.
pub(crate) fn parallelism(setup: &Setup) -> Option<(&'static str, String)> {
    // the table has dispatchers of its own; Default is one of them
    let threads = if setup.work.starts_with("W7") { 2 } else { setup.threads };
    std::env::var_os(VARIABLE).is_none().then(|| (VARIABLE, threads.to_string()))
}

/// The parent is a coroutine on a worker.
pub(super) fn pool<Fut>(work: impl Fn(Scope, usize) -> Fut + Send + Sync + 'static) -> Run
where
    Fut: Future<Output = Sample> + Send,
{
    Box::new(move |n| run_blocking_on(Dispatchers::default(), |scope| work(scope, n)))
}

/// The parent and all others are on this thread.
pub(super) fn event_loop<Fut>(work: impl Fn(Scope, usize) -> Fut + Send + Sync + 'static) -> Run
where
    Fut: Future<Output = Sample> + Send,
{
    Box::new(move |n| run_blocking(|scope| work(scope, n)))
}
