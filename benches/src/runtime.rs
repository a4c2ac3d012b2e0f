//! [`Runtime`]: what a coroutine finds around it, whoever runs it, so that the work is written once for all peers.
//! Imports nothing of this crate.

use std::future::Future;
use std::time::Duration;

/// A handle on what runs the coroutine: it starts others beside it, and knows how to wait there.
pub(crate) trait Runtime: Clone {
    /// What awaits a coroutine.
    type Handle<T: Send + 'static>: Future<Output = T>;

    /// Starts a coroutine.
    fn spawn<F>(&self, future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Lets it go on without anybody who awaits it.
    fn detach<T: Send + 'static>(handle: Self::Handle<T>) {
        drop(handle);
    }

    /// Lets the others go first.
    fn yield_now() -> impl Future<Output = ()> + Send;

    /// Waits so long.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;
}
