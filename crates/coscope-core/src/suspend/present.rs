//! What a coroutine asks about itself: its job, whether it is still wanted, the time, its label.

use crate::context::{CoroutineContext, current};
use crate::error::{CancelReason, Cancelled};
use crate::job::Job;
use crate::time::Instant;

/// The job of the running coroutine. Inside a scope it is the coroutine's, not the scope's.
///
/// # Panics
/// Outside of any coroutine; see [`try_current_job`].
#[track_caller]
pub fn current_job() -> Job {
    try_current_job().expect("current_job() outside of a coroutine: there is no job here")
}

/// The job of the running coroutine, if there is one.
pub fn try_current_job() -> Option<Job> {
    current::coroutine().map(Job)
}

/// The context at this point: the coroutine's, with what a `with_context` around has changed.
pub fn current_context() -> CoroutineContext {
    current::context()
}

/// The time now, on the clock of this point: real, or virtual in a test.
pub fn now() -> Instant {
    current::with_clock(|clock| clock.now())
}

/// Who runs here, for a log line: `main @fetch#12`, the thread's name and the coroutine's; the
/// thread's alone outside of any.
pub fn current_label() -> String {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    match current::coroutine() {
        Some(node) => format!("{thread} @{}#{}", node.identity.name(), node.identity.id),
        None => thread.to_owned(),
    }
}

/// Whether the running coroutine is to go on: nobody has cancelled it, or the scope that it is in. For
/// loops that compute and never suspend. `true` outside of any coroutine, and inside a shield.
pub fn is_active() -> bool {
    !current::is_being_cut()
}

/// As [`is_active`], as a `Result` for `?`.
///
/// # Errors
/// [`Cancelled`], with the reason, if the coroutine is being cancelled.
pub fn ensure_active() -> Result<(), Cancelled> {
    if is_active() {
        return Ok(());
    }
    let reason = current::coroutine().map_or(CancelReason::UNSPECIFIED, |node| node.reason());
    Err(Cancelled { reason })
}
