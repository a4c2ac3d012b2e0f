//! The entrances: what of the core may be the first thing that a process asks of coscope, under a
//! foreign executor for instance. Each installs the runtime (one relaxed load, once it is there) and
//! goes on to the core, where the whole is documented.
//!
//! May import `coscope-core`, `coscope-scheduler`.

use std::convert::Infallible;
use std::future::Future;
use std::ops::Deref;
use std::time::Duration;

use coscope_core as core;
use coscope_core::context::CoroutineContext;
use coscope_core::time::Instant;
use coscope_core::{
    Collector, Deferral, Deferred, Delay, Fallibly, FrameScope, Framed, Gathering, Infallibly, Interval,
    Opened, RunToCompletion, Scope, Supervising, Supervisor, WithTimeout,
};
use coscope_scheduler::install;

/// Opens a scope: runs `body` with the capability to launch children, and returns when the body and every child
/// have ended.
///
/// The first child to panic cancels the others and the body; the panic is resumed here when all have ended. The body
/// may borrow from the caller's frame; children are `Send + 'static`. An empty scope allocates nothing. Works under any
/// executor; without a coroutine around, children run on the default dispatcher.
///
/// ```
/// use coscope::{Scope, run_blocking, scope};
///
/// async fn sum() -> i32 {
///     scope(async |s: Scope| {
///         let one = s.spawn(async { 13 });
///         let two = s.spawn(async { 29 });
///         one.await + two.await
///     })
///     .await
/// }
/// assert_eq!(run_blocking(async |_| sum().await), 42);
/// ```
///
/// # Cancellation
/// When the coroutine is cancelled, the body is dropped where it is suspended and the children are cancelled; the
/// coroutine completes when they have ended. Dropping the future does the same with the scope alone.
///
/// # Panics
/// With the panic of the body or of the first child that panicked.
#[track_caller]
pub fn scope<T, F, Fut>(body: F) -> Opened<Infallibly, F, Fut>
where
    F: FnOnce(Scope) -> Fut,
    Fut: Future<Output = T>,
{
    install();
    core::scope(body)
}

/// Opens a scope whose children may fail: the first `Err`, of the body or of a child, cancels the rest and is returned
/// when all have ended.
///
/// ```
/// use coscope::{Scope, run_blocking, try_scope};
///
/// let failed = run_blocking(async |_| {
///     try_scope(async |s: Scope<String>| {
///         s.try_launch(async { Err::<(), _>("no such user") });
///         Ok(())
///     })
///     .await
/// });
/// assert_eq!(failed, Err("no such user".to_owned()));
/// ```
///
/// # Errors
/// The first one.
///
/// # Cancellation
/// As [`scope`].
///
/// # Panics
/// With the panic of the body or of a child, if that came before any `Err`.
#[track_caller]
pub fn try_scope<T, E, F, Fut>(body: F) -> Opened<Fallibly<E>, F, Fut>
where
    E: Send + 'static,
    F: FnOnce(Scope<E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    install();
    core::try_scope(body)
}

/// Opens a scope whose children fail alone: what awaits them gets a `Result`, what nobody awaits goes to the failure
/// handler. See [`Supervisor`].
///
/// ```
/// use coscope::{Supervisor, run_blocking, supervisor_scope};
///
/// run_blocking(async |_| {
///     supervisor_scope(async |s: Supervisor| {
///         let failing = s.try_spawn(async { Err::<(), _>("disk") });
///         let other = s.spawn(async { 42 });
///         assert!(failing.await.unwrap_err().is_failed());
///         assert_eq!(other.await.unwrap(), 42);
///     })
///     .await;
/// });
/// ```
///
/// # Cancellation
/// As [`scope`].
///
/// # Panics
/// With the panic of the body, which cancels the children.
#[track_caller]
pub fn supervisor_scope<T, F, Fut>(body: F) -> Opened<Supervising, F, Fut>
where
    F: FnOnce(Supervisor) -> Fut,
    Fut: Future<Output = T>,
{
    install();
    core::supervisor_scope(body)
}

/// Opens a scope that lets every child run to its end and gathers all that failed.
///
/// ```
/// use coscope::{Collector, collect_scope, run_blocking};
///
/// let errors = run_blocking(async |_| {
///     collect_scope(async |s: Collector<String>| {
///         s.try_launch(async { Err::<(), _>("disk") });
///         s.try_launch(async { Err::<(), _>("network") });
///     })
///     .await
/// })
/// .unwrap_err();
/// assert_eq!(errors.len(), 2);
/// ```
///
/// # Errors
/// All of them.
///
/// # Cancellation
/// As [`scope`].
///
/// # Panics
/// With the panic of the body, which cancels the children.
#[track_caller]
pub fn collect_scope<T, E, F, Fut>(body: F) -> Opened<Gathering<E>, F, Fut>
where
    E: Send + 'static,
    F: FnOnce(Collector<E>) -> Fut,
    Fut: Future<Output = T>,
{
    install();
    core::collect_scope(body)
}

/// Opens a scope whose children run inside the caller's own poll, at the same time but not in parallel, and may borrow
/// from the caller's frame.
///
/// ```
/// use coscope::{FrameScope, frame_scope, run_blocking};
///
/// let total = run_blocking(async |_| {
///     let words = vec!["a", "bc", "def"];
///     frame_scope(async |s: FrameScope<_>| {
///         let first = s.spawn(async { words[0].len() });
///         let last = s.spawn(async { words[2].len() });
///         first.await + last.await
///     })
///     .await
/// });
/// assert_eq!(total, 4);
/// ```
///
/// # Cancellation
/// Body and children are dropped where they are suspended.
///
/// # Panics
/// With the panic of the body or of a child; the others are dropped first.
#[track_caller]
pub fn frame_scope<'env, T, F, Fut>(body: F) -> impl Future<Output = T> + use<'env, T, F, Fut>
where
    F: FnOnce(FrameScope<'env, Infallible>) -> Fut,
    Fut: Future<Output = T>,
{
    install();
    core::frame_scope(body)
}

/// As [`frame_scope`], with children and a body that may fail: the first `Err` drops the others and is returned.
///
/// ```
/// use coscope::{FrameScope, run_blocking, try_frame_scope};
///
/// let sum = run_blocking(async |_| {
///     let words = ["1", "two"];
///     try_frame_scope(async |s: FrameScope<'_, std::num::ParseIntError>| {
///         let one = s.try_spawn(async { words[0].parse::<i32>() });
///         let two = s.try_spawn(async { words[1].parse::<i32>() });
///         Ok(one.await + two.await)
///     })
///     .await
/// });
/// assert!(sum.is_err());
/// ```
///
/// # Errors
/// The first one.
///
/// # Cancellation
/// As [`frame_scope`].
///
/// # Panics
/// As [`frame_scope`].
#[track_caller]
pub fn try_frame_scope<'env, T, E, F, Fut>(body: F) -> Framed<'env, E, F, Fut, T>
where
    E: Send + 'env,
    F: FnOnce(FrameScope<'env, E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    install();
    core::try_frame_scope(body)
}

/// Runs `future` for at most `duration`.
///
/// Zero means at once: the future is not polled. Otherwise it is polled before the clock is looked at: a value that is
/// there wins, even late. When the time is over, the future is dropped where it is suspended, and what it leaves behind
/// is cancelled and joined before this returns.
///
/// ```
/// use coscope::{delay, run_blocking, with_timeout};
/// use std::time::Duration;
///
/// let result = run_blocking(async |_| with_timeout(Duration::from_millis(5), delay(Duration::from_secs(60))).await);
/// assert_eq!(result.unwrap_err().to_string(), "Timed out waiting for 5 ms");
/// ```
///
/// # Errors
/// [`TimedOut`](crate::TimedOut): a value like any other, never mixed with cancellation.
///
/// # Cancellation
/// As [`scope`]. A shield inside holds the timeout up until it ends.
///
/// # Panics
/// With the panic of the future, when what it has left behind has ended.
#[track_caller]
pub fn with_timeout<F: Future>(duration: Duration, future: F) -> WithTimeout<F> {
    install();
    core::with_timeout(duration, future)
}

/// Runs `future` until `deadline` at the latest; otherwise as [`with_timeout`].
///
/// ```
/// use coscope::{delay, now, run_blocking, with_deadline};
/// use std::time::Duration;
///
/// run_blocking(async |_| {
///     let deadline = now() + Duration::from_millis(2);
///     assert!(with_deadline(deadline, delay(Duration::from_secs(20))).await.is_err());
///     assert!(now() >= deadline);
/// });
/// ```
///
/// # Errors
/// As [`with_timeout`].
///
/// # Cancellation
/// As [`with_timeout`].
///
/// # Panics
/// As [`with_timeout`].
#[track_caller]
pub fn with_deadline<F: Future>(deadline: Instant, future: F) -> WithTimeout<F> {
    install();
    core::with_deadline(deadline, future)
}

/// Suspends for `duration`, without blocking a thread. Zero returns at once. Works under any executor.
///
/// ```
/// use coscope::{delay, now, run_blocking};
/// use std::time::Duration;
///
/// run_blocking(async |_| {
///     let begin = now();
///     delay(Duration::from_millis(2)).await;
///     assert!(now() - begin >= Duration::from_millis(2));
/// });
/// ```
///
/// # Cancellation
/// Safe: a delay that is cut leaves nothing behind.
#[track_caller]
pub fn delay(duration: Duration) -> Delay {
    install();
    core::delay(duration)
}

/// Suspends until `deadline`; returns at once if it has passed.
///
/// ```
/// use coscope::{delay_until, now, run_blocking};
/// use std::time::Duration;
///
/// run_blocking(async |_| {
///     let deadline = now() + Duration::from_millis(2);
///     delay_until(deadline).await;
///     assert!(now() >= deadline);
/// });
/// ```
///
/// # Cancellation
/// As [`delay`].
#[track_caller]
pub fn delay_until(deadline: Instant) -> Delay {
    install();
    core::delay_until(deadline)
}

/// Ticks every `period`, the first time at once, at a fixed rate; see [`Interval`] for a first delay and for a fixed
/// pause.
///
/// ```
/// use std::time::Duration;
///
/// coscope::run_blocking(async |_| {
///     let mut ticks = coscope::interval(Duration::from_millis(1));
///     let first = ticks.tick().await;
///     let third = { ticks.tick().await; ticks.tick().await };
///     assert!(third - first >= Duration::from_millis(2));
/// });
/// ```
///
/// # Panics
/// If `period` is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    install();
    core::interval(period)
}

/// The time now, on the clock of this point: real, or virtual in a test.
///
/// ```
/// let begin = coscope::now();
/// assert!(coscope::now() >= begin);
/// ```
pub fn now() -> Instant {
    install();
    core::now()
}

/// Runs `future` to its end, whatever happens to whoever waits for it: a cancel does not reach it, and it goes on when
/// the wait is dropped by foreign code. It begins at the first poll, as a child of the present job.
///
/// ```
/// use coscope::{Scope, Start, run_blocking, run_to_completion, yield_now};
///
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
/// The wait can be cut, the work cannot. Its result is then dropped where it was made, and a panic of it goes to the
/// failure handler.
///
/// # Panics
/// With the panic of the future.
#[track_caller]
pub fn run_to_completion<F, T>(future: F) -> RunToCompletion<F, T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    install();
    core::run_to_completion(future)
}

/// Runs a future of its own on another dispatcher, as a child, and gives its result. Works everywhere, also where
/// [`with_context`](crate::with_context) cannot move the coroutine.
///
/// ```
/// use coscope::{Dispatchers, run_blocking, run_on};
///
/// let name = run_blocking(async |_| {
///     run_on(Dispatchers::default(), async { std::thread::current().name().unwrap_or("").to_owned() }).await
/// });
/// assert!(name.starts_with("DefaultDispatcher-worker-"));
/// ```
///
/// # Cancellation
/// As [`scope`]: the child is cancelled, and the coroutine waits for it.
///
/// # Panics
/// With the panic of the future.
#[track_caller]
pub fn run_on<C, F, T>(
    context: C,
    future: F,
) -> Opened<Infallibly, impl FnOnce(Scope) -> Deferred<T> + Send, Deferred<T>>
where
    C: Into<CoroutineContext>,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    install();
    core::run_on(context, future)
}

/// A guard that has `cleanup` run when the code leaves here, on any path: `guard.run().await` in line, a drop through
/// the job's queue, in order of drop, before the job completes.
///
/// ```
/// use coscope::{Scope, defer, run_blocking};
///
/// run_blocking(async |s: Scope| {
///     let (tx, rx) = std::sync::mpsc::channel();
///     let child = s.launch(async move {
///         let _goodbye = defer(async move { tx.send("goodbye").unwrap() });
///         println!("hello");
///     });
///     child.join().await;
///     assert_eq!(rx.try_recv(), Ok("goodbye"));
/// });
/// ```
#[track_caller]
pub fn defer<C: Future<Output = ()> + Send + 'static>(cleanup: C) -> Deferral<C> {
    install();
    core::defer(cleanup)
}

/// The capability to launch coroutines that no scope waits for: below the root of the process, which only [`shutdown`]
/// waits for. They inherit nothing, and their failures go to stderr.
///
/// What is launched here outlives its launcher and does not keep the process alive. Ask for a scope first.
///
/// ```
/// use std::time::Duration;
///
/// let job = coscope::detached().launch(async { println!("on my own") });
/// coscope::run_blocking(async |_| coscope::shutdown(Duration::from_secs(5)).await);
/// assert!(job.is_completed());
/// ```
pub fn detached() -> Supervisor {
    install();
    core::detached()
}

/// Ends everything below the root of the process: asks it to stop, waits for `grace`, cancels what is left, and waits
/// until it has ended. A coroutine that calls it is not waited for, nor cancelled.
///
/// ```
/// use std::time::Duration;
///
/// let deaf = coscope::detached().launch(std::future::pending());
/// coscope::run_blocking(async |_| coscope::shutdown(Duration::from_millis(2)).await);
/// assert!(deaf.is_cancelled() && deaf.is_completed());
/// ```
///
/// # Cancellation
/// Safe: it can be called again.
#[track_caller]
pub fn shutdown(grace: Duration) -> impl Future<Output = ()> {
    install();
    core::shutdown(grace)
}

/// An owned scope, for an object with a lifetime: an activity, a server, a data loader.
///
/// Whoever awaits its children stands outside of it, so it is a [`Supervisor`]: children fail alone. For fail-fast open
/// a [`scope`] in a child. Dropping it cancels what runs in it. Its methods are those of
/// [`coscope_core::CoroutineScope`]: `cancel`, `stop`, `join`, `shutdown`, `job`.
///
/// ```
/// use coscope::{CoroutineScope, Dispatchers, run_blocking};
/// use std::time::Duration;
///
/// let server = CoroutineScope::new(Dispatchers::default());
/// let answer = server.spawn(async { 42 });
/// run_blocking(async |_| {
///     assert_eq!(answer.await.unwrap(), 42);
///     server.shutdown(Duration::from_secs(5)).await;
/// });
/// ```
#[derive(Debug)]
pub struct CoroutineScope(core::CoroutineScope);

impl CoroutineScope {
    /// A scope whose children run with `context`; on the default dispatcher where it names none.
    ///
    /// ```
    /// use coscope::{CoroutineScope, Dispatchers, context::CoroutineName};
    ///
    /// let server = CoroutineScope::new(Dispatchers::io() + CoroutineName::new("server"));
    /// assert_eq!(server.context().dispatcher(), Some(&Dispatchers::io()));
    /// ```
    #[track_caller]
    pub fn new(context: impl Into<CoroutineContext>) -> Self {
        install();
        CoroutineScope(core::CoroutineScope::new(context))
    }
}

impl Deref for CoroutineScope {
    type Target = core::CoroutineScope;
    fn deref(&self) -> &core::CoroutineScope {
        &self.0
    }
}
