//! [`run_test`]: a scope in virtual time.

use std::future::Future;
use std::sync::Arc;

use coscope_core::context::CoroutineContext;
use coscope_core::{Drive, Scope, block_on_scope, block_on_try_scope};

use crate::test_loop::TestLoop;

/// Runs `body` as a coroutine on the calling thread, in virtual time, and blocks until it and all its
/// children have ended.
///
/// Steps run first come, first served. When none is left the clock jumps to the next timer; timers
/// fire in order of (time, registration). Children on other dispatchers run in real time, and read
/// the virtual clock.
///
/// ```
/// # use coscope_core::{Scope, delay, now};
/// # use coscope_test::run_test;
/// # use std::time::Duration;
/// # coscope_scheduler::install();
/// run_test(async |s: Scope| {
///     let begin = now();
///     s.launch(delay(Duration::from_secs(3600)));
///     delay(Duration::from_secs(60)).await;
///     assert_eq!(now() - begin, Duration::from_secs(60)); // exactly
/// });
/// ```
///
/// # Panics
/// With the panic of the body or of the first child that panics.
#[track_caller]
pub fn run_test<T, F, Fut>(body: F) -> T
where
    T: Send,
    F: FnOnce(Scope) -> Fut + Send,
    Fut: Future<Output = T> + Send,
{
    let (drive, context) = open();
    block_on_scope(&drive, context, body)
}

/// As [`run_test`], with a scope that may fail.
///
/// ```
/// # use coscope_core::{Scope, delay};
/// # use coscope_test::try_run_test;
/// # use std::time::Duration;
/// # coscope_scheduler::install();
/// let failed = try_run_test(async |s: Scope<String>| {
///     s.try_launch(async {
///         delay(Duration::from_secs(3600)).await;
///         Err("an hour is over")
///     });
///     Ok(())
/// });
/// assert_eq!(failed, Err("an hour is over".to_owned()));
/// ```
///
/// # Errors
/// That of the body or of the first child to fail.
///
/// # Panics
/// As [`run_test`].
#[track_caller]
pub fn try_run_test<T, E, F, Fut>(body: F) -> Result<T, E>
where
    T: Send,
    E: Send + 'static,
    F: FnOnce(Scope<E>) -> Fut + Send,
    Fut: Future<Output = Result<T, E>> + Send,
{
    let (drive, context) = open();
    block_on_try_scope(&drive, context, body)
}

fn open() -> (Arc<dyn Drive>, CoroutineContext) {
    let test_loop = TestLoop::new();
    let context = CoroutineContext::with_clock(test_loop.clock());
    (test_loop, context)
}
