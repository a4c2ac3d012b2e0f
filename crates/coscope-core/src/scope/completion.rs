//! [`run_to_completion`]: work that neither a cancel nor a drop can stop.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::context::{CoroutineContext, current};
use crate::error::JoinError;
use crate::suspend::gate::{self, WaitKind};
use crate::task::policy::Completing;
use crate::task::state::Birth;
use crate::task::{self, Deferred, Launch};

/// Runs `future` to its end, whatever happens to whoever waits for it: a cancel does not reach it, and it goes on
/// when the wait is dropped by foreign code. It begins at the first poll, as a child of the present
/// job, which waits for it.
///
/// ```
/// # use coscope::{prelude::*, run_to_completion};
/// run_blocking(async |s: Scope| {
///     let (tx, rx) = std::sync::mpsc::channel();
///     let job = s.start(Start::Undispatched).launch(run_to_completion(async move {
///         yield_now().await;
///         tx.send("saved").unwrap();
///     }));
///     job.cancel_and_join("the client has gone").await;
///     assert_eq!(rx.try_recv(), Ok("saved"));
/// });
/// ```
///
/// # Cancellation
/// The wait can be cut, the work cannot. Its result is then dropped where it was made, and a panic of
/// it goes to the failure handler.
///
/// # Panics
/// With the panic of the future.
#[track_caller]
pub fn run_to_completion<F, T>(future: F) -> RunToCompletion<F, T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    RunToCompletion { future: Some(future), running: None, site: Location::caller() }
}

/// How the work ended.
type Ended<T> = Result<T, JoinError<Infallible>>;

/// The future of [`run_to_completion`].
///
/// ```
/// # use coscope::{RunToCompletion, run_blocking, run_to_completion};
/// let saved: RunToCompletion<_, i32> = run_to_completion(async { 42 });
/// assert_eq!(run_blocking(async |_| saved.await), 42);
/// ```
#[must_use = "it begins only when it is awaited"]
pub struct RunToCompletion<F, T> {
    future: Option<F>,
    running: Option<Pin<Box<Deferred<Ended<T>>>>>,
    site: &'static Location<'static>,
}

impl<F, T> Unpin for RunToCompletion<F, T> {}

impl<F, T> RunToCompletion<F, T> {
    /// The work, if it has not begun.
    pub(super) fn take_unbegun(&mut self) -> Option<F> {
        self.future.take()
    }
}

impl<F, T> Future for RunToCompletion<F, T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        if let Some(future) = self.future.take() {
            let launch = Launch {
                name: Some("run_to_completion".into()),
                context: current::context().for_child(CoroutineContext::new()),
                site: self.site,
                start: Birth::Scheduled,
                interest: true,
                shield: true,
                pinned: false,
            };
            let node = current::innermost_or_root();
            let deferred = task::spawn_owned::<F, Completing>(&node, launch, future);
            self.running = Some(Box::pin(deferred));
        }
        let running = self.running.as_mut().expect("set above");
        let Poll::Ready(result) = running.as_mut().poll(cx) else {
            gate::waits(WaitKind::Completion, self.site);
            return Poll::Pending;
        };
        match result {
            Ok(value) => Poll::Ready(value),
            Err(JoinError::Panicked { panic, .. }) => std::panic::resume_unwind(panic.into_inner()),
            Err(error) => panic!("{error}: a work that must complete was cancelled through its own job"),
        }
    }
}

impl<F, T> fmt::Debug for RunToCompletion<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunToCompletion at {}", self.site)
    }
}
