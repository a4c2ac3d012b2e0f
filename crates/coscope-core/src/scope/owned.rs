//! Jobs that no coroutine's body owns: [`CoroutineScope`] for objects with a lifetime,
//! [`CompletableJob`], and [`detached`] launching below the root of the process.

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::handle::{Scope, Supervisor};
use super::launcher::Place;
use super::timeout::with_timeout;
use crate::context::{CoroutineContext, current};
use crate::error::CancelReason;
use crate::failure::{Failure, report};
use crate::job::{Admission, Birth, Identity, Job, KindRef, Name, NodeRef, SharedKind};
use crate::primitive::{AtomicBool, Ordering};
use crate::root::root;
use crate::suspend::join_all_at;

/// A job without a body: whoever holds it gives its token back, or a cancel does.
struct Owned {
    supervises: bool,
    context: CoroutineContext,
    given_back: AtomicBool,
}

impl Owned {
    /// `true` for the one caller that gives the token back.
    fn claim(&self) -> bool {
        !self.given_back.swap(true, Ordering::AcqRel)
    }
}

fn give_back(node: &NodeRef) {
    node.release_body(node.state.body_ends());
}

impl SharedKind for Owned {
    fn cancelled(this: &KindRef<Self>) {
        // there is no body to be dropped: it completes when its children have
        if this.payload.claim() {
            give_back(this.as_node());
        }
    }
    fn child_failed(this: &KindRef<Self>, mut failure: Failure) -> Option<Failure> {
        if !this.payload.supervises {
            let reason = failure.reason();
            if this.as_node().fail(reason.clone()) {
                this.as_node().cut_after_failure();
                // no parent takes it, so the handler does, once
                report(this.payload.context.failure_handler(), failure);
                return None;
            }
            failure.suppressed = true;
        }
        Some(failure)
    }
}

/// Whoever holds the body's token of a job without a body.
struct Token {
    job: Job,
}

impl Token {
    #[track_caller]
    fn new(name: &'static str, parent: &NodeRef, supervises: bool, context: CoroutineContext) -> Self {
        let identity =
            Identity { name: Some(Name::of(name)), id: Identity::next_id(), site: Location::caller() };
        let owned = || Owned { supervises, context, given_back: AtomicBool::new(false) };
        let birth = Birth { holds_parent: true, ..Birth::default() };
        let node = KindRef::allocate(Some(parent), birth, identity, owned).into_node();
        let token = Token { job: Job(node) };
        if token.node().link() == Admission::Refused {
            token.node().cancel_unlinked("its parent has completed".into());
            token.give_back();
        } else {
            token.node().cut_if_parent_is(parent);
        }
        token
    }

    fn node(&self) -> &NodeRef {
        self.job.node()
    }

    fn claim(&self) -> bool {
        self.node().downcast::<Owned>().is_some_and(|owned| owned.payload.claim())
    }

    /// `true` for the one call that did.
    fn give_back(&self) -> bool {
        let first = self.claim();
        if first {
            give_back(self.node());
        }
        first
    }

    /// As [`give_back`](Self::give_back), after a cancel.
    fn cancel(&self, reason: CancelReason) -> bool {
        let first = self.claim();
        self.node().cancel(reason);
        if first {
            give_back(self.node());
        }
        first
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        if self.claim() {
            self.node().cancel(CancelReason::new("its owner was dropped"));
            give_back(self.node());
        }
    }
}

/// An owned scope, for an object with a lifetime: an activity, a server, a data loader.
///
/// Whoever awaits its children stands outside of it, so it is a [`Supervisor`]: children fail alone. For
/// fail-fast open a [`scope`](crate::scope) in a child. Dropping it cancels what runs in it.
///
/// ```
/// # use coscope::prelude::*;
/// # use std::time::Duration;
/// let server = CoroutineScope::new(Dispatchers::default());
/// let accepting = server.launch(async { coscope::stop_requested().await });
/// run_blocking(async |_| server.shutdown(Duration::from_secs(5)).await);
/// assert!(accepting.is_completed() && !accepting.is_cancelled());
/// ```
pub struct CoroutineScope {
    supervisor: Supervisor,
    token: Token,
}

impl CoroutineScope {
    /// A scope whose children run with `context`; on the default dispatcher where it names none.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let server = CoroutineScope::new(Dispatchers::io() + CoroutineName::new("server"));
    /// assert_eq!(server.context().dispatcher(), Some(&Dispatchers::io()));
    /// ```
    #[track_caller]
    pub fn new(context: impl Into<CoroutineContext>) -> Self {
        let context = CoroutineContext::new().for_child(context.into());
        let token = Token::new("CoroutineScope", root(), true, context.clone());
        CoroutineScope { supervisor: Supervisor::new(Place::new(token.node().clone(), context)), token }
    }

    /// The scope's job.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let server = CoroutineScope::new(Dispatchers::default());
    /// assert!(server.job().is_active());
    /// let job = server.job();
    /// drop(server);
    /// assert!(job.is_cancelled());
    /// ```
    pub fn job(&self) -> Job {
        Job(self.token.node().clone())
    }

    /// Cancels everything in it, and it takes no more.
    ///
    /// `false` if it was cancelled already, or has ended.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let server = CoroutineScope::new(Dispatchers::default());
    /// let idle = server.launch(std::future::pending());
    /// assert!(server.cancel("no more"));
    /// run_blocking(async |_| idle.join().await);
    /// assert!(!server.is_active());
    /// ```
    pub fn cancel(&self, reason: impl Into<CancelReason>) -> bool {
        self.token.node().cancel(reason.into())
    }

    /// Asks everything in it to come to an end; see [`stop_requested`](crate::stop_requested).
    ///
    /// `false` if that was asked before.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let server = CoroutineScope::new(Dispatchers::default());
    /// let accepting = server.launch(async { coscope::stop_requested().await });
    /// assert!(server.stop());
    /// run_blocking(async |_| accepting.join().await);
    /// ```
    pub fn stop(&self) -> bool {
        self.token.node().stop()
    }

    /// Waits until everything in it has ended. From then on it takes no more.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let batch = CoroutineScope::new(Dispatchers::default());
    /// let jobs: Vec<Job> = (0..3).map(|_| batch.launch(async {})).collect();
    /// run_blocking(async |_| batch.join().await);
    /// assert!(jobs.iter().all(Job::is_completed));
    /// assert!(batch.launch(async { unreachable!("too late") }).is_cancelled());
    /// ```
    ///
    /// # Cancellation
    /// Safe.
    #[track_caller]
    pub fn join(&self) -> impl Future<Output = ()> {
        let site = Location::caller();
        async move {
            self.token.give_back();
            self.job().join_at(site).await;
        }
    }

    /// The two phases of an end: asks, waits for `grace`, then cancels, and waits until all has ended.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # use std::time::Duration;
    /// let server = CoroutineScope::new(Dispatchers::default());
    /// let deaf = server.launch(std::future::pending());
    /// run_blocking(async |_| server.shutdown(Duration::from_millis(2)).await);
    /// assert!(deaf.is_cancelled() && deaf.is_completed());
    /// ```
    ///
    /// # Cancellation
    /// Safe: it can be called again.
    #[track_caller]
    pub fn shutdown(&self, grace: Duration) -> impl Future<Output = ()> {
        let site = Location::caller();
        async move {
            self.stop();
            self.token.give_back();
            if with_timeout(grace, self.job().join_at(site)).await.is_err() {
                self.cancel("shut down: its grace period is over");
                self.job().join_at(site).await;
            }
        }
    }
}

impl Deref for CoroutineScope {
    type Target = Supervisor;
    fn deref(&self) -> &Supervisor {
        &self.supervisor
    }
}

impl fmt::Debug for CoroutineScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CoroutineScope").field(self.token.node()).finish()
    }
}

/// A job that is completed by hand: the parent of what is to be cancelled together.
///
/// Cancelled, it completes when its children have; so it is when its last handle is dropped before.
///
/// ```
/// # use coscope::prelude::*;
/// # use std::time::Duration;
/// run_blocking(async |_| {
///     let job = Job::new();
///     let scope = job.scope();
///     for i in 0..10 {
///         scope.launch(async move { delay(Duration::from_secs(60 + i)).await });
///     }
///     job.cancel_and_join("enough").await;
///     assert!(job.children().is_empty());
/// });
/// ```
#[derive(Clone)]
pub struct CompletableJob(Arc<Token>);

impl Job {
    /// A job of its own, below the root of the process, to be completed by hand. The first child to fail cancels
    /// the others; its failure goes to the failure handler, since no parent takes it.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     let job = Job::new();
    ///     job.scope().launch(async { println!("below it") });
    ///     job.complete();
    ///     job.join().await; // for the child as well
    ///     assert!(job.is_completed());
    /// });
    /// ```
    #[track_caller]
    #[allow(clippy::new_ret_no_self)] // the plain handle completes nothing
    pub fn new() -> CompletableJob {
        CompletableJob(Arc::new(Token::new("Job", root(), false, current::context())))
    }

    /// As [`Job::new`], but its children fail alone.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     let job = Job::supervisor();
    ///     let broken = job.supervisor().try_spawn(async { Err::<(), _>("disk full") });
    ///     assert!(broken.await.is_err());
    ///     assert!(job.is_active());
    /// });
    /// ```
    #[track_caller]
    pub fn supervisor() -> CompletableJob {
        CompletableJob(Arc::new(Token::new("SupervisorJob", root(), true, current::context())))
    }

    /// As [`Job::new`], below this job, which waits for it.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let above = Job::new();
    /// let below = above.new_child();
    /// above.complete();
    /// assert!(!above.is_completed()); // it waits
    /// below.complete();
    /// assert!(above.is_completed());
    /// ```
    #[track_caller]
    pub fn new_child(&self) -> CompletableJob {
        CompletableJob(Arc::new(Token::new("Job", self.node(), false, current::context())))
    }
}

impl CompletableJob {
    /// Completes it, as soon as its children have. `true` for the one call that did.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let job = Job::new();
    /// assert!(job.complete());
    /// assert!(!job.complete());
    /// assert!(job.is_completed() && !job.is_cancelled());
    /// ```
    pub fn complete(&self) -> bool {
        self.0.give_back()
    }

    /// Cancels its children because of a failure, and completes it. `true` for the one call that did.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let job = Job::new();
    /// assert!(job.complete_exceptionally("the disk is full"));
    /// assert_eq!(job.cancel_reason().unwrap().as_str(), "the disk is full");
    /// ```
    pub fn complete_exceptionally(&self, reason: impl Into<CancelReason>) -> bool {
        self.0.cancel(reason.into())
    }

    /// Cancels it, waits for its children, and completes it.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     let job = Job::new();
    ///     let idle = job.scope().launch(std::future::pending());
    ///     job.cancel_and_join("enough").await;
    ///     assert!(idle.is_completed() && job.is_completed());
    /// });
    /// ```
    ///
    /// # Cancellation
    /// Safe: the cancel has been given by then.
    #[track_caller]
    pub fn cancel_and_join(&self, reason: impl Into<CancelReason>) -> impl Future<Output = ()> {
        let site = Location::caller();
        async move {
            self.complete_exceptionally(reason);
            self.join_at(site).await;
        }
    }

    /// The capability to launch children below it, with the context of the caller.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     let job = Job::new();
    ///     assert_eq!(job.scope().spawn(async { 42 }).await, 42);
    /// });
    /// ```
    pub fn scope(&self) -> Scope {
        Scope::new(Place::new(self.0.node().clone(), current::context()))
    }

    /// The capability to launch children below it, each to fail alone.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     let job = Job::supervisor();
    ///     assert_eq!(job.supervisor().spawn(async { 42 }).await.unwrap(), 42);
    /// });
    /// ```
    pub fn supervisor(&self) -> Supervisor {
        Supervisor::new(Place::new(self.0.node().clone(), current::context()))
    }
}

impl Deref for CompletableJob {
    type Target = Job;
    fn deref(&self) -> &Job {
        &self.0.job
    }
}

impl fmt::Debug for CompletableJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CompletableJob").field(self.0.node()).finish()
    }
}

/// The capability to launch coroutines that no scope waits for: below the root of the process, which
/// only [`shutdown`] waits for. They inherit nothing, and their failures go to stderr.
///
/// What is launched here outlives its launcher and does not keep the process alive. Ask for a scope first.
///
/// ```
/// let job = coscope::detached().launch(async { println!("on my own") });
/// coscope::run_blocking(async |_| job.join().await);
/// assert!(job.is_completed());
/// ```
pub fn detached() -> Supervisor {
    Supervisor::new(Place::new(root().clone(), CoroutineContext::new()))
}

/// Ends everything below the root of the process: asks it to stop, waits for `grace`, cancels what is
/// left, and waits until it has ended. A coroutine that calls it is not waited for, nor cancelled.
///
/// ```
/// # use std::time::Duration;
/// let deaf = coscope::detached().launch(std::future::pending());
/// coscope::run_blocking(async |_| coscope::shutdown(Duration::from_millis(2)).await);
/// assert!(deaf.is_cancelled() && deaf.is_completed());
/// ```
///
/// # Cancellation
/// Safe: it can be called again.
#[track_caller]
pub fn shutdown(grace: Duration) -> impl Future<Output = ()> {
    shut_down(grace, Location::caller())
}

async fn shut_down(grace: Duration, site: &'static Location<'static>) {
    let others = || {
        let own = own_top();
        Job(root().clone()).children().into_iter().filter(move |job| Some(job) != own.as_ref())
    };
    others().for_each(|job| {
        job.stop();
    });
    let ended = async {
        while others().next().is_some() {
            join_all_at(others(), site).await;
        }
    };
    if with_timeout(grace, ended).await.is_err() {
        others().for_each(|job| {
            job.cancel("the process is shut down");
        });
        while others().next().is_some() {
            join_all_at(others(), site).await;
        }
    }
}

/// The coroutine right below the root that the caller belongs to.
fn own_top() -> Option<Job> {
    let mut job = Job(current::coroutine()?);
    while let Some(parent) = job.parent().filter(|parent| parent.id() != 0) {
        job = parent;
    }
    Some(job)
}
