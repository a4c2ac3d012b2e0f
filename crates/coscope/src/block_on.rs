//! Bridges from threads: [`run_blocking`] and its kin, each an event loop on the calling thread.
//!
//! May import `coscope-core`, `coscope-scheduler`.

use std::future::Future;
use std::sync::Arc;

use coscope_core::context::CoroutineContext;
use coscope_core::dispatch::Dispatcher;
use coscope_core::{
    Drive, LocalScope, Scope, block_on_local, block_on_scope, block_on_try_local, block_on_try_scope,
};
use coscope_scheduler::EventLoop;

/// The calling thread's loop, as the core drives it.
struct Loop(Arc<EventLoop>);

impl Drive for Loop {
    fn dispatcher(&self) -> Dispatcher {
        self.0.dispatcher()
    }
    fn run_until(&self, done: &dyn Fn() -> bool) {
        self.0.run_until(done);
    }
    fn unpark(&self) {
        self.0.unpark();
    }
}

/// The loop of one blocked call; closes on every path out of it.
struct Closing {
    event_loop: Arc<EventLoop>,
    drive: Arc<dyn Drive>,
}

impl Closing {
    fn open() -> Self {
        coscope_scheduler::install();
        let event_loop = EventLoop::new(std::thread::current().name().unwrap_or("event loop"));
        Closing { drive: Arc::new(Loop(event_loop.clone())), event_loop }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.event_loop.close();
    }
}

/// Runs `body` as a coroutine on the calling thread, which is the home of the children that it
/// launches, and blocks until all have ended.
///
/// The body may borrow from the caller's stack. On a thread of the pool the thread's permit is given
/// back while it sleeps, so that nothing starves. Called inside a coroutine it is that coroutine's
/// child.
///
/// ```
/// use coscope::{Scope, delay, run_blocking};
/// use std::time::Duration;
///
/// run_blocking(async |s: Scope| {
///     s.launch(async {
///         delay(Duration::from_millis(10)).await;
///         println!("World!");
///     });
///     println!("Hello,");
/// });
/// ```
///
/// # Panics
/// With the panic of the body or of the first child that panics, when all have ended. If the job
/// itself is cancelled it unwinds without the panic hook.
#[track_caller]
pub fn run_blocking<T, F, Fut>(body: F) -> T
where
    T: Send,
    F: FnOnce(Scope) -> Fut + Send,
    Fut: Future<Output = T> + Send,
{
    run_blocking_on(CoroutineContext::new(), body)
}

/// As [`run_blocking`], with elements of context for the body: a name, a failure handler; with a dispatcher the
/// body's home is there, and the calling thread only waits.
///
/// ```
/// use coscope::{Dispatchers, run_blocking_on};
///
/// let thread = run_blocking_on(Dispatchers::default(), async |_| std::thread::current().name().map(str::to_owned));
/// assert!(thread.unwrap().starts_with("DefaultDispatcher-worker-"));
/// ```
///
/// # Panics
/// As [`run_blocking`].
#[track_caller]
pub fn run_blocking_on<C, T, F, Fut>(context: C, body: F) -> T
where
    C: Into<CoroutineContext>,
    T: Send,
    F: FnOnce(Scope) -> Fut + Send,
    Fut: Future<Output = T> + Send,
{
    let open = Closing::open();
    block_on_scope(&open.drive, context.into(), body)
}

/// As [`run_blocking`], with a scope that may fail: the first `Err` cancels the rest and is returned.
///
/// ```
/// use coscope::{Scope, try_run_blocking};
///
/// let sum: Result<i32, std::num::ParseIntError> = try_run_blocking(async |s: Scope<std::num::ParseIntError>| {
///     let one = s.try_spawn(async { "13".parse::<i32>() });
///     let two = s.try_spawn(async { "29".parse::<i32>() });
///     Ok(one.await + two.await)
/// });
/// assert_eq!(sum, Ok(42));
/// ```
///
/// # Errors
/// That of the body or of the first child to fail.
///
/// # Panics
/// As [`run_blocking`].
#[track_caller]
pub fn try_run_blocking<T, E, F, Fut>(body: F) -> Result<T, E>
where
    T: Send,
    E: Send + 'static,
    F: FnOnce(Scope<E>) -> Fut + Send,
    Fut: Future<Output = Result<T, E>> + Send,
{
    try_run_blocking_on(CoroutineContext::new(), body)
}

/// As [`try_run_blocking`], with elements of context; see [`run_blocking_on`].
///
/// ```
/// use coscope::{Dispatchers, Scope, try_run_blocking_on};
///
/// let failed = try_run_blocking_on(Dispatchers::default(), async |s: Scope<String>| {
///     s.try_launch(async { Err("disk full") });
///     Ok(())
/// });
/// assert_eq!(failed, Err("disk full".to_owned()));
/// ```
///
/// # Errors
/// As [`try_run_blocking`].
///
/// # Panics
/// As [`run_blocking`].
#[track_caller]
pub fn try_run_blocking_on<C, T, E, F, Fut>(context: C, body: F) -> Result<T, E>
where
    C: Into<CoroutineContext>,
    T: Send,
    E: Send + 'static,
    F: FnOnce(Scope<E>) -> Fut + Send,
    Fut: Future<Output = Result<T, E>> + Send,
{
    let open = Closing::open();
    block_on_try_scope(&open.drive, context.into(), body)
}

/// As [`run_blocking`], for what is bound to its thread: body and children are pinned to it, may be `!Send`, and
/// may borrow from the caller's stack.
///
/// Children launched `on` a dispatcher are `Send`, run there in parallel, and may borrow as well.
///
/// ```
/// use coscope::{Dispatchers, LocalScope, run_local};
///
/// let words = vec!["a", "bc", "def"];
/// let total: usize = run_local(async |s: LocalScope| {
///     let lengths: Vec<_> = words.iter().map(|word| s.on(Dispatchers::default()).spawn(async { word.len() })).collect();
///     let mut total = 0;
///     for length in lengths {
///         total += length.await;
///     }
///     total
/// });
/// assert_eq!(total, 6);
/// ```
///
/// # Panics
/// As [`run_blocking`].
#[track_caller]
pub fn run_local<'env, T, F, Fut>(body: F) -> T
where
    F: FnOnce(LocalScope<'env>) -> Fut + 'env,
    Fut: Future<Output = T> + 'env,
{
    let open = Closing::open();
    block_on_local(&open.drive, body)
}

/// As [`run_local`], with a scope that may fail.
///
/// ```
/// use coscope::{LocalScope, try_run_local};
///
/// let text = "42".to_owned();
/// let number = try_run_local(async |s: LocalScope<'_, std::num::ParseIntError>| {
///     Ok(s.try_spawn(async { text.parse::<i32>() }).await) // it borrows
/// });
/// assert_eq!(number, Ok(42));
/// ```
///
/// # Errors
/// That of the body or of the first child to fail.
///
/// # Panics
/// As [`run_blocking`].
#[track_caller]
pub fn try_run_local<'env, T, E, F, Fut>(body: F) -> Result<T, E>
where
    E: Send + 'static,
    F: FnOnce(LocalScope<'env, E>) -> Fut + 'env,
    Fut: Future<Output = Result<T, E>> + 'env,
{
    let open = Closing::open();
    block_on_try_local(&open.drive, body)
}
