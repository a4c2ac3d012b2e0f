//! [`run_test`]: a scope in virtual time, with nothing to say about it. Imports `test`.

use std::future::Future;

use coscope_core::Scope;

use crate::test::Test;

/// Runs `body` in a scope in virtual time: [`Test::run`] with a plain [`Scope`].
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
    Test::new().run(move |t| body((*t).clone()))
}

/// As [`run_test`], with a scope that may fail.
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
    Test::new().try_run(move |t| body((*t).clone()))
}
