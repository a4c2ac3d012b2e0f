//! [`run_test`]: a scope in virtual time, with nothing to say about it. Imports `test`.

use std::future::Future;

use coscope_core::Scope;

use crate::test::Test;

/// Runs `body` in a scope in virtual time: [`Test::run`] with a plain [`Scope`].
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
/// As there.
#[track_caller]
pub fn run_test<T, F, Fut>(body: F) -> T
where
    T: Send,
    F: FnOnce(Scope) -> Fut + Send,
    Fut: Future<Output = T> + Send,
{
    Test::new().run_plain(body)
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
    Test::new().try_run_plain(body)
}
