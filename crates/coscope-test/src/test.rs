//! [`Test`]: how a test is run. Imports all above it.

use std::any::Any;
use std::future::Future;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coscope_core::context::CoroutineContext;
use coscope_core::sight::tree;
use coscope_core::{
    Drive, FailureHandler, Job, Scope, Supervisor, block_on_scope, current_job, scope, try_scope, unwind,
    with_context,
};

use crate::order::Order;
use crate::panic_tree::{MOST, ShownOnPanic};
use crate::test_loop::TestLoop;
use crate::test_scope::{Parts, TestScope};

/// The real time that a test may take, where nothing is said.
const LIMIT: Duration = Duration::from_secs(60);

/// The real time that a step may take before it is told of, where nothing is said.
const STEP_LIMIT: Duration = Duration::from_secs(1);

/// How a test is run: its real-time limit, the order of what is ready, whether it looks for leaks.
///
/// ```
/// # coscope_scheduler::install();
/// use coscope_test::{Test, TestScope};
/// use std::time::Duration;
///
/// let seven = Test::new().limit(Duration::from_secs(5)).run(async |t: TestScope| {
///     t.spawn(async { 7 }).await
/// });
/// assert_eq!(seven, 7);
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing runs before `run`"]
pub struct Test {
    limit: Duration,
    step_limit: Duration,
    seed: u64,
    finds_leaks: bool,
}

impl Default for Test {
    fn default() -> Self {
        Test::new()
    }
}

impl Test {
    /// A test of 60 s at most, in order of coming.
    pub const fn new() -> Self {
        Test { limit: LIMIT, step_limit: STEP_LIMIT, seed: 0, finds_leaks: false }
    }

    /// How much real time the test may take. After it the test is cancelled and fails, with its tree shown; a step that
    /// does not return is beyond that.
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How much real time a step on the test's thread may take (1 s, where nothing is said). One that takes longer is
    /// named on standard error, with its launch site, while it still runs; the test goes on.
    ///
    /// ```
    /// # coscope_scheduler::install();
    /// use coscope_test::{Test, TestScope};
    /// use std::time::Duration;
    ///
    /// let patient = Test::new().step_limit(Duration::from_secs(30)); // it computes a lot
    /// patient.run(async |_: TestScope| {});
    /// ```
    pub const fn step_limit(mut self, limit: Duration) -> Self {
        self.step_limit = limit;
        self
    }

    /// Which order coroutines run in that are ready at once: 0, that of coming; else one that the seed decides.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Fails the test if it leaves something behind that hangs right below the process's root: a detached coroutine, an
    /// owned scope. (All else it waits for.) It cannot tell those from what other threads launch meanwhile: for tests
    /// that have the process to themselves.
    pub const fn finds_leaks(mut self) -> Self {
        self.finds_leaks = true;
        self
    }

    /// Runs `body` as a coroutine on the calling thread, in virtual time, and blocks until it and all its children
    /// have ended.
    ///
    /// When nothing can run the clock jumps to the next timer; timers fire in order of (time, registration). Steps on
    /// real dispatchers run in real time and read the virtual clock, which stands still meanwhile; so it does while a
    /// coroutine that is not in the background waits in a foreign future that somebody may wake.
    ///
    /// # Panics
    /// With the panic of the body or of the first child that panics. If a child fails and nobody takes the failure. If the
    /// test cannot end: nothing can run, no timer is set, no [real work](TestScope::real_work) is in flight; or
    /// its time is over. The message shows the tree.
    #[track_caller]
    pub fn run<T, F, Fut>(self, body: F) -> T
    where
        T: Send,
        F: FnOnce(TestScope) -> Fut + Send,
        Fut: Future<Output = T> + Send,
    {
        self.stage(|behind, parts| {
            with_background(behind, |background| scope(|s| body(TestScope::new(s, background, parts))))
        })
    }

    /// As [`run`](Self::run), with a scope that may fail.
    ///
    /// # Errors
    /// That of the body or of the first child to fail.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn try_run<T, E, F, Fut>(self, body: F) -> Result<T, E>
    where
        T: Send,
        E: Send + 'static,
        F: FnOnce(TestScope<E>) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
    {
        self.stage(|behind, parts| {
            with_background(behind, |background| try_scope(|s| body(TestScope::new(s, background, parts))))
        })
    }

    /// As [`run`](Self::run), for a body that has no use for a background scope: there is none then.
    #[track_caller]
    pub(crate) fn run_plain<T, F, Fut>(self, body: F) -> T
    where
        T: Send,
        F: FnOnce(Scope) -> Fut + Send,
        Fut: Future<Output = T> + Send,
    {
        self.stage(|_, _| scope(body))
    }

    /// As [`run_plain`](Self::run_plain), with a scope that may fail.
    #[track_caller]
    pub(crate) fn try_run_plain<T, E, F, Fut>(self, body: F) -> Result<T, E>
    where
        T: Send,
        E: Send + 'static,
        F: FnOnce(Scope<E>) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
    {
        self.stage(|_, _| try_scope(body))
    }

    /// Runs `body`, which is given the context of what is in the background.
    #[track_caller]
    fn stage<T, F, Fut>(self, body: F) -> T
    where
        T: Send,
        F: FnOnce(CoroutineContext, Parts) -> Fut + Send,
        Fut: Future<Output = T> + Send,
    {
        let test_loop = TestLoop::new(self.limit, self.step_limit, Order::of_seed(self.seed));
        let _shown = ShownOnPanic::new();
        let lost = Lost::default();
        // no name: children would each get a context of their own, without it
        let context = CoroutineContext::with_clock(test_loop.clock.clone()) + lost.handler();
        let behind = CoroutineContext::with_clock(test_loop.background_clock.clone());
        let parts = Parts::of(&test_loop);
        let mut below_root = None;
        let note = &mut below_root;
        let begins = test_loop.clone();
        let drive: Arc<dyn Drive> = test_loop.clone();
        let ended = unwind::catch(|| {
            block_on_scope(&drive, context, |_: Scope| async move {
                let test = current_job();
                if self.finds_leaks {
                    *note = Some(BelowRoot::of(&test));
                }
                begins.begin(test.clone());
                drop(begins);
                body(behind, parts).await
            })
        });
        conclude(ended, test_loop.verdict(), &lost, below_root)
    }
}

/// Runs `body` with a scope in the background, which ends when the body has.
async fn with_background<F, Fut>(behind: CoroutineContext, body: F) -> Fut::Output
where
    F: FnOnce(Supervisor) -> Fut,
    Fut: Future,
{
    let background = current_job().new_child();
    let supervisor = with_context(behind, async { background.supervisor() }).await;
    let value = body(supervisor).await;
    background.cancel_and_join("the test's body has ended").await;
    value
}

#[track_caller]
fn conclude<T>(
    ended: Result<T, Box<dyn Any + Send>>,
    verdict: Option<String>,
    lost: &Lost,
    before: Option<BelowRoot>,
) -> T {
    let lost = lost.take();
    let failures = lost.join("\n");
    if let Some(verdict) = verdict {
        panic!("{verdict}{failures}");
    }
    match ended {
        Ok(_) if !lost.is_empty() => panic!("{} failures that nobody took:\n{failures}", lost.len()),
        Ok(value) => {
            let left = before.map_or(String::new(), |before| before.new_ones());
            assert!(left.is_empty(), "the test has ended and leaves behind:\n{left}");
            value
        }
        Err(panic) => {
            if !lost.is_empty() {
                eprintln!("coscope-test: and failures that nobody took:\n{failures}");
            }
            resume_unwind(panic)
        }
    }
}

/// Failures that came to the test's handler.
#[derive(Default, Clone)]
struct Lost(Arc<Mutex<Vec<String>>>);

impl Lost {
    /// One that is suppressed came after the one that its scope told of.
    fn handler(&self) -> FailureHandler {
        let Lost(list) = self.clone();
        FailureHandler::new(move |failure| {
            if failure.is_suppressed() {
                eprintln!("{failure}");
            } else {
                list.lock().unwrap_or_else(PoisonError::into_inner).push(failure.to_string());
            }
        })
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What hung right below the process's root when the test began.
struct BelowRoot {
    root: Job,
    jobs: Vec<Job>,
}

impl BelowRoot {
    fn of(test: &Job) -> Self {
        let mut root = test.clone();
        while let Some(parent) = root.parent() {
            root = parent;
        }
        BelowRoot { jobs: root.children(), root }
    }

    fn new_ones(&self) -> String {
        self.root
            .children()
            .iter()
            .filter(|job| !self.jobs.contains(job))
            .map(|job| tree(job, MOST))
            .collect()
    }
}
