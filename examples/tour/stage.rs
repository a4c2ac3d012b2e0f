//! How a chapter enters: on the main thread, in real or in virtual time. What it prints goes to stdout.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use coscope::{Instant, Scope, now, run_blocking};
use coscope_test::run_test;

/// Which time a chapter runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    Real,
    /// The clock jumps from timer to timer, so that figures are exact.
    Virtual,
}

static TIME: OnceLock<Time> = OnceLock::new();

/// Says which time this process runs in.
pub(crate) fn set(time: Time) {
    TIME.set(time).expect("said once, at the start");
}

/// [`run_blocking`], or [`run_test`] where time is virtual.
#[track_caller]
pub(crate) fn run<T, F, Fut>(body: F) -> T
where
    T: Send,
    F: FnOnce(Scope) -> Fut + Send,
    Fut: Future<Output = T> + Send,
{
    match TIME.get() {
        Some(Time::Virtual) => run_test(body),
        _ => run_blocking(body),
    }
}

/// So many milliseconds.
pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// How many milliseconds have passed since `begin`.
pub(crate) fn ms_since(begin: Instant) -> u128 {
    (now() - begin).as_millis()
}

/// The name of the thread that asks.
pub(crate) fn thread() -> String {
    std::thread::current().name().unwrap_or("unnamed").to_owned()
}
