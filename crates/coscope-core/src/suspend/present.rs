//! What a coroutine asks about itself: its job, whether it is still wanted, the time, its label.

use crate::context::{CoroutineContext, current};
use crate::error::{CancelReason, Cancelled};
use crate::job::Job;
use crate::time::Instant;

/// The job of the running coroutine. Inside a scope it is the coroutine's, not the scope's.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let job = s.spawn(async { current_job() });
///     assert_eq!(job.job(), job.await);
/// });
/// ```
///
/// # Panics
/// Outside of any coroutine; see [`try_current_job`].
#[track_caller]
pub fn current_job() -> Job {
    try_current_job().expect("current_job() outside of a coroutine: there is no job here")
}

/// The job of the running coroutine, if there is one.
///
/// ```
/// use coscope::{run_blocking, try_current_job};
///
/// assert!(try_current_job().is_none());
/// run_blocking(async |_| assert!(try_current_job().is_some()));
/// ```
pub fn try_current_job() -> Option<Job> {
    current::coroutine().map(Job)
}

/// The context at this point: the coroutine's, with what a `with_context` around has changed.
///
/// ```
/// # use coscope::{current_context, prelude::*};
/// run_blocking(async |s: Scope| {
///     let inside = s.on(Dispatchers::io()).spawn(async { current_context() }).await;
///     assert_eq!(inside.dispatcher(), Some(&Dispatchers::io()));
/// });
/// ```
pub fn current_context() -> CoroutineContext {
    current::context()
}

/// The time now, on the clock of this point: real, or virtual in a test.
///
/// ```
/// # use coscope::{now, run_blocking};
/// run_blocking(async |_| {
///     let begin = now();
///     assert!(now() >= begin);
/// });
/// ```
///
/// # Panics
/// Where there is neither a coroutine nor a runtime; `coscope::now` installs one.
pub fn now() -> Instant {
    current::with_clock(|clock| clock.now())
}

/// Who runs here, for a log line: `main @fetch#12`, the thread's name and the coroutine's; the
/// thread's alone outside of any.
///
/// ```
/// # use coscope::{current_label, prelude::*};
/// run_blocking(async |s: Scope| {
///     let fetch = s.named("fetch").spawn(async { current_label() });
///     assert!(fetch.await.contains(" @fetch#"));
/// });
/// ```
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
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let count = s.spawn(async {
///         let mut count = 0u64;
///         while is_active() && count < 1_000_000 {
///             count += 1; // a cancel would end the loop
///         }
///         count
///     });
///     assert_eq!(count.await, 1_000_000);
/// });
/// ```
pub fn is_active() -> bool {
    !current::is_being_cut()
}

/// As [`is_active`], as a `Result` for `?`.
///
/// ```
/// # use coscope::{Cancelled, ensure_active, prelude::*};
/// fn checksum(bytes: &[u8]) -> Result<u64, Cancelled> {
///     let mut sum = 0;
///     for chunk in bytes.chunks(4096) {
///         ensure_active()?;
///         sum += chunk.iter().map(|byte| u64::from(*byte)).sum::<u64>();
///     }
///     Ok(sum)
/// }
/// run_blocking(async |_| assert_eq!(checksum(&[7; 6000]), Ok(42_000)));
///
/// run_blocking(async |s: Scope| {
///     let job = s.start(Start::Atomic).launch(async {
///         assert_eq!(ensure_active().unwrap_err().reason().as_str(), "enough");
///     });
///     job.cancel("enough");
/// });
/// ```
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
