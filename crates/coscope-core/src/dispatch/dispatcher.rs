//! [`Dispatch`], the trait of whatever runs steps, and [`Dispatcher`], the handle to one.

use std::fmt;
use std::sync::Arc;

use super::{Limited, Runnable};
use crate::time::Clock;

/// Decides where and when a coroutine's next step runs.
///
/// An implementation queues steps and runs each exactly once, on a thread and at a time of its own
/// choosing. It must not run a step inside [`dispatch`](Dispatch::dispatch) itself (a coroutine
/// that wakes another would then run it in the middle of its own step); [`Dispatcher::unconfined`]
/// shows how a dispatcher without threads keeps that rule.
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
#[derive(Clone)]
pub struct Dispatcher(Arc<dyn Dispatch>);

impl Dispatcher {
    /// A handle to `dispatch`.
    pub fn new(dispatch: impl Dispatch) -> Self {
        Dispatcher(Arc::new(dispatch))
    }

    /// A handle to a dispatcher that is shared already.
    pub fn from_arc(dispatch: Arc<dyn Dispatch>) -> Self {
        Dispatcher(dispatch)
    }

    /// Any `Fn(Runnable)` as a dispatcher: rayon's `spawn`, a tokio handle, a GUI's event queue.
    ///
    /// One that drops the [`Runnable`] counts as closed: its coroutines are cancelled and finish
    /// on IO. One that runs it inside the call is noticed, reported once, and that step goes to the
    /// process's default dispatcher.
    pub fn from_executor(
        name: impl Into<String>,
        execute: impl Fn(Runnable) + Send + Sync + 'static,
    ) -> Self {
        Dispatcher::new(super::executor::Executor::new(name.into(), execute))
    }

    /// Runs each step in the thread that resumes it, the first one in the thread that launches.
    ///
    /// Nested starts are queued on a thread-local loop and run when the outermost step has ended.
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
    /// # Panics
    /// If `n` is 0, or on an unconfined dispatcher, which has nothing to limit.
    #[track_caller]
    pub fn limited_parallelism(&self, n: usize) -> Dispatcher {
        self.limit(n, None)
    }

    /// As [`limited_parallelism`](Self::limited_parallelism), with a name for dumps.
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

    /// What the handle points to.
    pub fn dispatch_impl(&self) -> &Arc<dyn Dispatch> {
        &self.0
    }

    /// The address of what the handle points to, as [`Runnable::run_at`] asks for it.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Queues a step.
    #[inline]
    pub fn dispatch(&self, runnable: Runnable) {
        self.0.dispatch(runnable);
    }

    /// Queues a step behind all others.
    #[inline]
    pub fn dispatch_yield(&self, runnable: Runnable) {
        self.0.dispatch_yield(runnable);
    }

    /// The name, for people.
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

impl PartialEq for Dispatcher {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.0), Arc::as_ptr(&other.0))
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
