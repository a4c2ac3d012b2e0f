//! Jobs that no coroutine's body owns: [`CoroutineScope`] for objects with a lifetime,
//! [`CompletableJob`], and [`detached`] launching below the root of the process.

use std::borrow::Cow;
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
use crate::job::{Admission, Birth, Identity, Job, KindRef, NodeRef, SharedKind};
use crate::primitive::{AtomicBool, Ordering};
use crate::root::root;
use crate::suspend::join_all;

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
            Identity { name: Some(Cow::Borrowed(name)), id: Identity::next_id(), site: Location::caller() };
        let owned = Owned { supervises, context, given_back: AtomicBool::new(false) };
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
/// # use coscope_core::{CoroutineScope, context::CoroutineContext};
/// # use std::time::Duration;
/// # async fn example() {
/// let server = CoroutineScope::new(CoroutineContext::new());
/// server.launch(async { /* accept … */ });
/// server.shutdown(Duration::from_secs(5)).await;
/// # }
/// ```
pub struct CoroutineScope {
    supervisor: Supervisor,
    token: Token,
}

impl CoroutineScope {
    /// A scope whose children run with `context`; on the default dispatcher where it names none.
    #[track_caller]
    pub fn new(context: impl Into<CoroutineContext>) -> Self {
        let context = CoroutineContext::new().for_child(context.into());
        let token = Token::new("CoroutineScope", root(), true, context.clone());
        CoroutineScope { supervisor: Supervisor::new(Place { node: token.node().clone(), context }), token }
    }

    /// The scope's job.
    pub fn job(&self) -> Job {
        Job(self.token.node().clone())
    }

    /// Cancels everything in it, and it takes no more.
    pub fn cancel(&self, reason: impl Into<CancelReason>) -> bool {
        self.token.node().cancel(reason.into())
    }

    /// Asks everything in it to come to an end; see [`stop_requested`](crate::stop_requested).
    pub fn stop(&self) -> bool {
        self.token.node().stop()
    }

    /// Waits until everything in it has ended. From then on it takes no more.
    ///
    /// # Cancellation
    /// Safe.
    pub async fn join(&self) {
        self.token.give_back();
        self.job().join().await;
    }

    /// The two phases of an end: asks, waits for `grace`, then cancels, and waits until all has ended.
    ///
    /// # Cancellation
    /// Safe: it can be called again.
    pub async fn shutdown(&self, grace: Duration) {
        self.stop();
        self.token.give_back();
        if with_timeout(grace, self.job().join()).await.is_err() {
            self.cancel("shut down: its grace period is over");
            self.job().join().await;
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
/// # use coscope_core::{Job, delay};
/// # use std::time::Duration;
/// # async fn example() {
/// let job = Job::new();
/// let scope = job.scope();
/// for i in 0..10 {
///     scope.launch(async move { delay(Duration::from_millis(200 * i)).await });
/// }
/// job.cancel_and_join("enough").await;
/// # }
/// ```
#[derive(Clone)]
pub struct CompletableJob(Arc<Token>);

impl Job {
    /// A job of its own, below the root of the process, to be completed by hand. The first child to fail cancels
    /// the others; its failure goes to the failure handler, since no parent takes it.
    #[track_caller]
    #[allow(clippy::new_ret_no_self)] // the plain handle completes nothing
    pub fn new() -> CompletableJob {
        CompletableJob(Arc::new(Token::new("Job", root(), false, current::context())))
    }

    /// As [`Job::new`], but its children fail alone.
    #[track_caller]
    pub fn supervisor() -> CompletableJob {
        CompletableJob(Arc::new(Token::new("SupervisorJob", root(), true, current::context())))
    }

    /// As [`Job::new`], below this job, which waits for it.
    #[track_caller]
    pub fn new_child(&self) -> CompletableJob {
        CompletableJob(Arc::new(Token::new("Job", self.node(), false, current::context())))
    }
}

impl CompletableJob {
    /// Completes it, as soon as its children have. `true` for the one call that did.
    pub fn complete(&self) -> bool {
        self.0.give_back()
    }

    /// Cancels its children because of a failure, and completes it. `true` for the one call that did.
    pub fn complete_exceptionally(&self, reason: impl Into<CancelReason>) -> bool {
        self.0.cancel(reason.into())
    }

    /// Cancels it, waits for its children, and completes it.
    ///
    /// # Cancellation
    /// Safe: the cancel has been given by then.
    pub async fn cancel_and_join(&self, reason: impl Into<CancelReason>) {
        self.complete_exceptionally(reason);
        self.join().await;
    }

    /// The capability to launch children below it, with the context of the caller.
    pub fn scope(&self) -> Scope {
        Scope::new(Place { node: self.0.node().clone(), context: current::context() })
    }

    /// The capability to launch children below it, each to fail alone.
    pub fn supervisor(&self) -> Supervisor {
        Supervisor::new(Place { node: self.0.node().clone(), context: current::context() })
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
pub fn detached() -> Supervisor {
    Supervisor::new(Place { node: root().clone(), context: CoroutineContext::new() })
}

/// Ends everything below the root of the process: asks it to stop, waits for `grace`, cancels what is
/// left, and waits until it has ended. A coroutine that calls it is not waited for, nor cancelled.
///
/// # Cancellation
/// Safe: it can be called again.
pub async fn shutdown(grace: Duration) {
    let others = || {
        let own = own_top();
        Job(root().clone()).children().into_iter().filter(move |job| Some(job) != own.as_ref())
    };
    others().for_each(|job| {
        job.stop();
    });
    let ended = async {
        while others().next().is_some() {
            join_all(others()).await;
        }
    };
    if with_timeout(grace, ended).await.is_err() {
        others().for_each(|job| {
            job.cancel("the process is shut down");
        });
        while others().next().is_some() {
            join_all(others()).await;
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
