//! [`Dispatch`], the trait of whatever runs steps, and [`Dispatcher`], the handle to one.

use std::fmt;
use std::sync::Arc;

use super::held::Held;
use super::{Limited, Runnable};
use crate::time::Clock;

/// Decides where and when a coroutine's next step runs.
///
/// An implementation queues steps and runs each exactly once, on a thread and at a time of its own
/// choosing. It must not run a step inside [`dispatch`](Dispatch::dispatch) itself (a coroutine
/// that wakes another would then run it in the middle of its own step); [`Dispatcher::unconfined`]
/// shows how a dispatcher without threads keeps that rule.
///
/// ```
/// use coscope::{Dispatcher, Scope, dispatch::{Dispatch, Runnable}, run_blocking};
/// use std::sync::{Mutex, mpsc};
///
/// /// One thread, first come, first served.
/// struct OneThread(Mutex<mpsc::Sender<Runnable>>);
///
/// impl OneThread {
///     fn start() -> Self {
///         let (steps, queue) = mpsc::channel::<Runnable>();
///         std::thread::spawn(move || queue.into_iter().for_each(Runnable::run));
///         OneThread(Mutex::new(steps))
///     }
/// }
///
/// impl Dispatch for OneThread {
///     fn dispatch(&self, runnable: Runnable) {
///         let sent = self.0.lock().unwrap().send(runnable);
///         drop(sent); // if the thread has gone the step comes back, and is refused
///     }
///     fn name(&self) -> &str { "one thread" }
/// }
///
/// let one = Dispatcher::new(OneThread::start());
/// let home = std::thread::current().id();
/// let away = run_blocking(async |s: Scope| s.on(one).spawn(async { std::thread::current().id() }).await);
/// assert_ne!(home, away);
/// ```
pub trait Dispatch: Send + Sync + 'static {
    /// Queues a step. Dropping it unrun means that this dispatcher has closed.
    fn dispatch(&self, runnable: Runnable);

    /// Queues a step behind all others that wait, as [`yield_now`](crate::yield_now) asks for.
    fn dispatch_yield(&self, runnable: Runnable) {
        self.dispatch(runnable);
    }

    /// Whether a coroutine that is on this thread must be queued to get onto this dispatcher.
    /// `false` on the right thread for an *immediate* dispatcher.
    fn is_dispatch_needed(&self) -> bool {
        true
    }

    /// Queues the first step of a coroutine that is launched on this thread; where no dispatch is needed,
    /// it runs as soon as the launching step allows.
    fn dispatch_first(&self, runnable: Runnable) {
        if self.is_dispatch_needed() {
            self.dispatch(runnable);
        } else {
            Dispatcher::unconfined().dispatch(runnable);
        }
    }

    /// Tries to let the step that runs on this thread go on as a step of this dispatcher, by
    /// exchanging the permit that the thread holds for one of this dispatcher's. The thread keeps
    /// the new permit until it is exchanged again, or to the end of the step.
    fn enter_in_place(&self) -> bool {
        false
    }

    /// Whether a step of this dispatcher may go on to its end under another dispatcher's permit, as it
    /// does after [`enter_in_place`](Self::enter_in_place). Not where the limit is a promise: a view
    /// of 1 would no longer confine.
    fn may_leave_in_place(&self) -> bool {
        false
    }

    /// Shows `to` the clock of coroutines on this dispatcher; nothing if that is the process's own.
    fn show_clock(&self, to: &mut dyn FnMut(&dyn Clock)) {
        let _ = to;
    }

    /// A view that runs at most `n` steps at once, or `None` for the plain view.
    fn limited_parallelism(&self, n: usize, name: Option<&str>) -> Option<Dispatcher> {
        let _ = (n, name);
        None
    }

    /// The name, for people.
    fn name(&self) -> &str;
}

/// A handle to a dispatcher. Cheap to clone; equal to its clones.
///
/// What there is to choose from is listed at `coscope::Dispatchers`.
///
/// ```
/// use coscope::{Dispatcher, Dispatchers};
///
/// let io: Dispatcher = Dispatchers::io();
/// assert_eq!(io, io.clone());
/// assert_ne!(io, Dispatchers::default());
/// ```
#[derive(Clone)]
pub struct Dispatcher(Held);

impl Dispatcher {
    /// A handle to `dispatch`.
    ///
    /// ```
    /// use coscope::{Dispatcher, dispatch::{Dispatch, Runnable}};
    ///
    /// /// Refuses everything.
    /// struct Closed;
    /// impl Dispatch for Closed {
    ///     fn dispatch(&self, runnable: Runnable) { drop(runnable) }
    ///     fn name(&self) -> &str { "closed" }
    /// }
    /// assert_eq!(Dispatcher::new(Closed).name(), "closed");
    /// ```
    pub fn new(dispatch: impl Dispatch) -> Self {
        Dispatcher(Held::new(Arc::new(dispatch)))
    }

    /// A handle to a dispatcher that is shared already.
    ///
    /// ```
    /// use coscope::{Dispatcher, dispatch::{Dispatch, Runnable}};
    /// use std::sync::Arc;
    ///
    /// struct OneThread;
    /// impl Dispatch for OneThread {
    ///     fn dispatch(&self, runnable: Runnable) { drop(runnable) }
    ///     fn name(&self) -> &str { "one thread" }
    /// }
    ///
    /// let one_thread = Arc::new(OneThread);
    /// let dispatcher = Dispatcher::from_arc(one_thread.clone());
    /// assert_eq!(dispatcher.name(), one_thread.name());
    /// ```
    pub fn from_arc(dispatch: Arc<dyn Dispatch>) -> Self {
        Dispatcher(Held::new(dispatch))
    }

    /// A handle to a dispatcher that lasts as long as the process: it is never dropped, and this handle and its clones,
    /// of which every coroutine has one, are not counted.
    ///
    /// ```
    /// use coscope::{Dispatcher, dispatch::{Dispatch, Runnable}};
    /// use std::sync::Arc;
    ///
    /// struct Here;
    /// impl Dispatch for Here {
    ///     fn dispatch(&self, runnable: Runnable) { drop(runnable) }
    ///     fn name(&self) -> &str { "here" }
    /// }
    /// assert_eq!(Dispatcher::lasting(Arc::new(Here)).name(), "here");
    /// ```
    pub fn lasting(dispatch: Arc<dyn Dispatch>) -> Self {
        Dispatcher(Held::lasting(dispatch))
    }

    /// Any `Fn(Runnable)` as a dispatcher: rayon's `spawn`, a tokio handle, a GUI's event queue.
    ///
    /// One that drops the [`Runnable`] counts as closed: its coroutines are cancelled and finish
    /// on IO. One that runs it inside the call is noticed, reported once, and that step goes to the
    /// process's default dispatcher.
    ///
    /// ```
    /// use coscope::{Dispatcher, Scope, dispatch::Runnable, run_blocking};
    ///
    /// let thread_each = Dispatcher::from_executor("a thread each", |step: Runnable| {
    ///     std::thread::spawn(move || step.run());
    /// });
    /// assert_eq!(run_blocking(async |s: Scope| s.on(thread_each).spawn(async { 42 }).await), 42);
    /// ```
    pub fn from_executor(
        name: impl Into<String>,
        execute: impl Fn(Runnable) + Send + Sync + 'static,
    ) -> Self {
        Dispatcher::new(super::executor::Executor::new(name.into(), execute))
    }

    /// Runs each step in the thread that resumes it, the first one in the thread that launches.
    ///
    /// Nested starts are queued on a thread-local loop and run when the outermost step has ended.
    ///
    /// ```
    /// use coscope::{Dispatcher, Scope, run_blocking};
    ///
    /// let here = std::thread::current().id();
    /// run_blocking(async |s: Scope| {
    ///     let first_step = s.on(Dispatcher::unconfined()).spawn(async { std::thread::current().id() });
    ///     assert_eq!(first_step.await, here);
    /// });
    /// ```
    pub fn unconfined() -> Self {
        Dispatcher::new(super::unconfined::Unconfined)
    }

    /// A view of this dispatcher that runs at most `n` steps at once, in the order in which they come; a few that
    /// find a place free may go ahead of one that waits.
    ///
    /// On the CPU pool it is a share of the pool; on IO it is elastic, with a limit of its own,
    /// as `coscope::Dispatchers::limited` is. A view of 1 is a confinement: no two of its coroutines
    /// run at once. (It is no mutex: another may run while the first is suspended.)
    ///
    /// ```
    /// use coscope::prelude::*;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    ///
    /// let one = Dispatchers::default().limited_parallelism(1);
    /// let count = Arc::new(AtomicU32::new(0));
    /// run_blocking(async |s: Scope| {
    ///     for _ in 0..100 {
    ///         let count = count.clone();
    ///         // read and write are apart, and still nothing is lost
    ///         s.on(&one).launch(async move { count.store(count.load(Relaxed) + 1, Relaxed) });
    ///     }
    /// });
    /// assert_eq!(count.load(Relaxed), 100);
    /// ```
    ///
    /// # Panics
    /// If `n` is 0, or on an unconfined dispatcher, which has nothing to limit.
    #[track_caller]
    pub fn limited_parallelism(&self, n: usize) -> Dispatcher {
        self.limit(n, None)
    }

    /// As [`limited_parallelism`](Self::limited_parallelism), with a name for dumps.
    ///
    /// ```
    /// let database = coscope::Dispatchers::io().named_limited_parallelism(10, "database");
    /// assert_eq!(database.name(), "database");
    /// ```
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn named_limited_parallelism(&self, n: usize, name: &str) -> Dispatcher {
        self.limit(n, Some(name))
    }

    #[track_caller]
    fn limit(&self, n: usize, name: Option<&str>) -> Dispatcher {
        assert!(n > 0, "limited_parallelism(0): a dispatcher that runs nothing; the least is 1");
        self.0
            .limited_parallelism(n, name)
            .unwrap_or_else(|| Dispatcher::new(Limited::new(self.clone(), n, name.map(str::to_owned))))
    }

    /// Runs `f`, in which this thread counts clones of this handle by itself: it is about to be blocked in the
    /// dispatcher's event loop.
    pub(crate) fn lend<R>(&self, f: impl FnOnce() -> R) -> R {
        self.0.lend(f)
    }

    /// What the handle points to.
    ///
    /// ```
    /// use coscope::Dispatchers;
    /// assert_eq!(Dispatchers::io().dispatch_impl().name(), Dispatchers::io().name());
    /// ```
    #[inline]
    pub fn dispatch_impl(&self) -> &dyn Dispatch {
        &*self.0
    }

    /// The address of what the handle points to, as [`Runnable::run_at`] asks for it.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        self.0.address()
    }

    /// Queues a step.
    ///
    /// ```
    /// use coscope::{Dispatchers, dispatch::Runnable};
    ///
    /// let (tx, rx) = std::sync::mpsc::channel();
    /// Dispatchers::default().dispatch(Runnable::from_fn(move || tx.send(7).unwrap()));
    /// assert_eq!(rx.recv(), Ok(7));
    /// ```
    #[inline]
    pub fn dispatch(&self, runnable: Runnable) {
        self.0.dispatch(runnable);
    }

    /// Queues a step behind all others.
    ///
    /// ```
    /// use coscope::{Dispatchers, dispatch::Runnable};
    ///
    /// let (tx, rx) = std::sync::mpsc::channel();
    /// Dispatchers::default().dispatch_yield(Runnable::from_fn(move || tx.send("after you").unwrap()));
    /// assert_eq!(rx.recv(), Ok("after you"));
    /// ```
    #[inline]
    pub fn dispatch_yield(&self, runnable: Runnable) {
        self.0.dispatch_yield(runnable);
    }

    /// The name, for people.
    ///
    /// ```
    /// assert_eq!(coscope::Dispatchers::default().name(), "Dispatchers.Default");
    /// ```
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

impl PartialEq for Dispatcher {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}
impl Eq for Dispatcher {}

// a handle to what contains its panics: none of them leaves it in between
impl std::panic::UnwindSafe for Dispatcher {}
impl std::panic::RefUnwindSafe for Dispatcher {}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dispatcher({})", self.name())
    }
}
