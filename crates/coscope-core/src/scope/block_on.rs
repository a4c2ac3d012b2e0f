//! From threads into coroutines: a coroutine whose caller is blocked until it, and all below it, has
//! ended, and which may therefore borrow from the caller's stack.

use std::future::Future;
use std::sync::Arc;

use super::handle::Scope;
use super::local::LocalScope;
use super::open::{Opened, Shape, scope, try_scope};
use crate::context::{CoroutineContext, current};
use crate::dispatch::{Dispatcher, apart};
use crate::error::JoinError;
use crate::task::policy::Supervised;
use crate::task::state::Birth;
use crate::task::{Launch, Unwound, Waited};

/// An event loop of the calling thread. Its dispatcher runs steps on that thread only, inside
/// [`run_until`](Self::run_until).
///
/// ```
/// use coscope_core::{Drive, Scope, block_on_scope, context::CoroutineContext};
/// use coscope_core::dispatch::{Dispatcher, Runnable};
/// use std::sync::{Arc, Mutex, mpsc};
///
/// /// A queue that the calling thread empties. `None` says: look whether it is done.
/// struct Queue {
///     dispatcher: Dispatcher,
///     wake: mpsc::Sender<Option<Runnable>>,
///     steps: Mutex<mpsc::Receiver<Option<Runnable>>>,
/// }
///
/// impl Queue {
///     fn new() -> Self {
///         let (wake, steps) = mpsc::channel();
///         let queue = wake.clone();
///         let dispatcher = Dispatcher::from_executor("queue", move |step| drop(queue.send(Some(step))));
///         Queue { dispatcher, wake, steps: Mutex::new(steps) }
///     }
/// }
///
/// impl Drive for Queue {
///     fn dispatcher(&self) -> Dispatcher { self.dispatcher.clone() }
///     fn run_until(&self, done: &dyn Fn() -> bool) {
///         while !done() {
///             let step = self.steps.lock().unwrap().recv();
///             if let Ok(Some(step)) = step { step.run() }
///         }
///     }
///     fn unpark(&self) { _ = self.wake.send(None) }
/// }
///
/// # coscope::now(); // installs the runtime
/// let drive: Arc<dyn Drive> = Arc::new(Queue::new());
/// let answer = block_on_scope(&drive, CoroutineContext::new(), async |s: Scope| s.spawn(async { 42 }).await);
/// assert_eq!(answer, 42);
/// ```
pub trait Drive: Send + Sync + 'static {
    /// The dispatcher of the loop.
    fn dispatcher(&self) -> Dispatcher;
    /// Runs steps until `done`, which is asked after each and after an [`unpark`](Self::unpark).
    fn run_until(&self, done: &dyn Fn() -> bool);
    /// Has a sleeping `run_until` ask `done` again. From any thread.
    fn unpark(&self);
}

/// Runs a scope on the calling thread's loop and blocks until all has ended.
///
/// The scope's coroutine hangs below the running one, if there is one, and inherits its context;
/// where `context` names a dispatcher, its home is there instead of the loop.
///
/// See [`Drive`] for an example.
///
/// # Panics
/// With the panic of the scope. If the job itself is cancelled there is no `T` to return: it unwinds
/// without the panic hook, which counts as cancellation outside. (With `panic = abort` the body is
/// shielded instead.)
#[track_caller]
pub fn block_on_scope<T, F, Fut>(drive: &Arc<dyn Drive>, context: CoroutineContext, body: F) -> T
where
    T: Send,
    F: FnOnce(Scope) -> Fut + Send,
    Fut: Future<Output = T> + Send,
{
    block_on(drive, context, false, |_| scope(body))
}

/// As [`block_on_scope`], with a scope that may fail.
///
/// See [`Drive`] for an example.
///
/// # Errors
/// That of the body or of the first child.
///
/// # Panics
/// As there.
#[track_caller]
pub fn block_on_try_scope<T, E, F, Fut>(
    drive: &Arc<dyn Drive>,
    context: CoroutineContext,
    body: F,
) -> Result<T, E>
where
    T: Send,
    E: Send + 'static,
    F: FnOnce(Scope<E>) -> Fut + Send,
    Fut: Future<Output = Result<T, E>> + Send,
{
    block_on(drive, context, false, |_| try_scope(body))
}

/// As [`block_on_scope`], with a body and children that are bound to the thread.
///
/// See [`Drive`] for an example.
///
/// # Panics
/// As there.
#[track_caller]
pub fn block_on_local<'env, T, F, Fut>(drive: &Arc<dyn Drive>, body: F) -> T
where
    F: FnOnce(LocalScope<'env>) -> Fut + 'env,
    Fut: Future<Output = T> + 'env,
{
    block_on(drive, CoroutineContext::new(), true, |waited| {
        scope(move |s: Scope| body(LocalScope::new(s, waited)))
    })
}

/// As [`block_on_local`], with a scope that may fail.
///
/// See [`Drive`] for an example.
///
/// # Errors
/// That of the body or of the first child.
///
/// # Panics
/// As there.
#[track_caller]
pub fn block_on_try_local<'env, T, E, F, Fut>(drive: &Arc<dyn Drive>, body: F) -> Result<T, E>
where
    E: Send + 'static,
    F: FnOnce(LocalScope<'env, E>) -> Fut + 'env,
    Fut: Future<Output = Result<T, E>> + 'env,
{
    block_on(drive, CoroutineContext::new(), true, |waited| {
        try_scope(move |s: Scope<E>| body(LocalScope::new(s, waited)))
    })
}

/// What [`Waited::block_on`] is given; whether the opened scope is `Send` or pinned, the callers above say.
#[track_caller]
fn block_on<S, F, Fut>(
    drive: &Arc<dyn Drive>,
    context: CoroutineContext,
    pinned: bool,
    open: impl FnOnce(Waited) -> Opened<S, F, Fut>,
) -> S::Output
where
    S: Shape<Fut::Output>,
    F: FnOnce(S::Handle) -> Fut,
    Fut: Future,
{
    let parent = current::innermost_or_root();
    let home = drive.dispatcher();
    let context = current::context().for_child(CoroutineContext::from(&home) + context);
    let with = Launch {
        name: context.own_name(None),
        context,
        site: std::panic::Location::caller(),
        start: Birth::Scheduled,
        interest: true,
        // a Drop has no use for an unwinding, and what it blocks for is clean-up
        shield: cfg!(panic = "abort") || current::is_dropping(),
        pinned,
    };
    let unpark = {
        let drive = drive.clone();
        move || drive.unpark()
    };
    // what is resumed from here on, the launch included, does not wait for the step around to end
    let ended = apart(|| {
        let run = |done: &dyn Fn() -> bool| home.lend(|| drive.run_until(done));
        Waited::block_on::<_, Supervised<true>>(&parent, with, open, run, unpark)
    });
    match ended {
        Ok(Ok(value)) => value,
        Ok(Err(JoinError::Panicked { panic, .. })) => std::panic::resume_unwind(panic.into_inner()),
        Ok(Err(JoinError::Cancelled { reason, .. })) | Err(reason) => Unwound::unwind(reason),
        Ok(Err(JoinError::Failed { error, .. })) => match error {},
    }
}
