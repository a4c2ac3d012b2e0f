//! [`yield_now`]: gives way to all others of the dispatcher.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::gate::{self, Mark, WaitKind};

/// Lets all others run that wait on this dispatcher, then goes on.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let other = s.launch(async {});
///     yield_now().await;
///     assert!(other.is_completed()); // on this one thread it had its turn
/// });
/// ```
///
/// # Cancellation
/// A point where the coroutine can be cut.
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The future of [`yield_now`].
///
/// ```
/// # use coscope::{YieldNow, prelude::*};
/// let way: YieldNow = yield_now();
/// run_blocking(async |_| way.await);
/// ```
#[derive(Debug)]
#[must_use = "it yields only when it is awaited"]
pub struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();
    #[inline]
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.yielded, true) {
            return gate::pass(cx, Poll::Ready(()));
        }
        gate::give_way(cx, Some(Mark::new(WaitKind::Yield, Location::caller())));
        Poll::Pending
    }
}
