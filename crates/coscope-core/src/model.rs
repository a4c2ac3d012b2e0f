//! The model checker's doors: thin public names for what is private to the crate, under `--cfg loom`
//! only. No logic: each method is one call of what it is named after.
//!
//! May import everything of this crate.

use std::fmt;
use std::panic::Location;

use crate::context::{CoroutineContext, current};
use crate::error::CancelReason;
use crate::failure::Failure;
use crate::job::state::{Birth, Close, Release, State};
use crate::job::{Admission, Ended, Identity, Job, Kind, KindRef, Name, NodeRef};
use crate::scope::launcher::Place;
use crate::scope::{Scope, Supervisor};
use crate::task::state as task;

/// What a [`Node`] is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// `Kind::cancelled`.
    Cancelled,
    /// `Kind::completed`.
    Completed,
    /// The last count has gone.
    Freed,
}

type Tell = Box<dyn Fn(Told) + Send + Sync>;

struct Probe(Tell);

// SAFETY: the payload is `Send + Sync`.
unsafe impl Kind for Probe {
    fn cancelled(this: &KindRef<Self>) {
        (this.payload.0)(Told::Cancelled);
    }
    fn child_failed(_this: &KindRef<Self>, failure: Failure) -> Option<Failure> {
        Some(failure)
    }
    fn completed(this: &KindRef<Self>) {
        (this.payload.0)(Told::Completed);
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        (self.0)(Told::Freed);
    }
}

/// A place in the tree, whose kind tells what happens to it.
#[derive(Debug, Clone)]
pub struct Node(NodeRef);

impl Node {
    /// A node with its body's token out, not linked.
    pub fn new(parent: Option<&Node>, region: bool, tell: impl Fn(Told) + Send + Sync + 'static) -> Node {
        let identity =
            Identity { name: Some(Name::of("node")), id: Identity::next_id(), site: Location::caller() };
        let birth = Birth { region, holds_parent: true, ..Birth::default() };
        Node(
            KindRef::allocate(parent.map(|parent| &parent.0), birth, identity, || Probe(Box::new(tell)))
                .into_node(),
        )
    }
    /// The handle that users hold.
    pub fn job(&self) -> Job {
        Job(self.0.clone())
    }
    /// A scope that launches below the node.
    pub fn scope(&self, context: impl Into<CoroutineContext>) -> Scope {
        Scope::new(Place::new(self.0.clone(), context.into()))
    }
    /// A supervisor that launches below the node.
    pub fn supervisor(&self, context: impl Into<CoroutineContext>) -> Supervisor {
        Supervisor::new(Place::new(self.0.clone(), context.into()))
    }
    /// `true` if admitted.
    pub fn link(&self) -> bool {
        self.0.link() == Admission::Admitted
    }
    /// The second half of a link.
    pub fn cut_if_parent_is(&self) {
        if let Some(parent) = self.0.parent() {
            self.0.cut_if_parent_is(parent);
        }
    }
    /// `true` for the first.
    pub fn cancel(&self) -> bool {
        self.0.cancel(CancelReason::new("the model cancels"))
    }
    /// How many children are seen.
    pub fn for_each_child(&self, mut f: impl FnMut(Node)) {
        self.0.for_each_child(|child| f(Node(child)));
    }
    /// The body is gone: decides, and gives its token back. `true` if with its own result.
    pub fn end_body(&self) -> bool {
        let ended = self.0.state.body_ends();
        self.0.release_body(ended);
        ended == Ended::Kept
    }
    /// `true` for the one that may give the token back.
    pub fn region_ended(&self) -> bool {
        self.0.state.region_ended()
    }
    /// The body of a region is gone: gives its token back.
    pub fn release_region(&self) {
        self.0.release_body(Ended::Kept);
    }
    /// Force-closes the regions below.
    pub fn close_regions(&self) {
        self.0.close_regions();
    }
    /// `false` if force-closed.
    pub fn begin_poll(&self) -> bool {
        self.0.state.begin_poll()
    }
    /// `true` if the token is the caller's.
    pub fn end_poll(&self) -> bool {
        self.0.state.end_poll()
    }
    /// Its bit.
    pub fn is_cancelling(&self) -> bool {
        self.0.state.is_cancelling()
    }
    /// Its bit.
    pub fn is_completed(&self) -> bool {
        self.0.state.is_completed()
    }
    /// Its bit.
    pub fn is_cut(&self) -> bool {
        self.0.state.is_cut()
    }
    /// Whether a child stands in its list, or somebody holds it open.
    pub fn has_children(&self) -> bool {
        let mut any = self.0.state.is_held();
        self.0.for_each_child(|_| any = true);
        any
    }
    /// Runs `f` as a step of this node.
    pub fn enter<R>(&self, context: &CoroutineContext, f: impl FnOnce() -> R) -> R {
        current::enter_coroutine(&self.0, context, 0, f).0
    }
}

/// The life-cycle word of a job.
pub struct JobState(State);

impl JobState {
    /// With its body's token out.
    pub fn new(region: bool) -> Self {
        JobState(State::new(Birth { region, ..Birth::default() }))
    }
    /// `true` if admitted.
    pub fn attach(&self) -> bool {
        self.0.attach() == Admission::Admitted
    }
    /// `true` if it was the last.
    pub fn release(&self) -> bool {
        self.0.release() != Release::Waiting
    }
    /// What a cancel found.
    pub fn cancel(&self) -> Cancel {
        self.0.cancel().into()
    }
    /// What a failure found.
    pub fn fail(&self) -> Cancel {
        self.0.fail().into()
    }
    /// The look that decides: `true` if with its own result.
    pub fn body_ends(&self) -> bool {
        self.0.body_ends() == Ended::Kept
    }
    /// Gives the body's token back, with what was decided. `true` if it was the last.
    pub fn release_body(&self, kept: bool) -> bool {
        let ended = if kept { Ended::Kept } else { Ended::Cut };
        self.0.release_body(ended).expect("no list in this model") != Release::Waiting
    }
    /// `true` for the one that may give the token back.
    pub fn region_ended(&self) -> bool {
        self.0.region_ended()
    }
    /// `false` if force-closed.
    pub fn begin_poll(&self) -> bool {
        self.0.begin_poll()
    }
    /// `true` if the token is the caller's.
    pub fn end_poll(&self) -> bool {
        self.0.end_poll()
    }
    /// `true` if the token is the caller's.
    pub fn close(&self) -> bool {
        self.0.close() == Close::Closed
    }
    /// Its bit.
    pub fn is_cut(&self) -> bool {
        self.0.is_cut()
    }
    /// Its bit.
    pub fn is_failed(&self) -> bool {
        self.0.is_failed()
    }
    /// Its bit.
    pub fn is_cancelling(&self) -> bool {
        self.0.is_cancelling()
    }
    /// Its bit.
    pub fn is_completed(&self) -> bool {
        self.0.is_completed()
    }
}

impl fmt::Debug for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What a cancel found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancel {
    /// It is the first.
    First,
    /// Another came before.
    Again,
    /// It had completed.
    TooLate,
}

impl From<crate::job::state::Cancel> for Cancel {
    fn from(found: crate::job::state::Cancel) -> Self {
        match found {
            crate::job::state::Cancel::First => Cancel::First,
            crate::job::state::Cancel::Again => Cancel::Again,
            crate::job::state::Cancel::TooLate => Cancel::TooLate,
        }
    }
}

/// What follows a poll that was pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pend {
    /// Nothing.
    Idle,
    /// Woken meanwhile.
    Again(usize),
    /// Cancelled meanwhile.
    Cut,
}

/// The scheduling word of a coroutine. A `bool` says whether the caller dispatches.
pub struct TaskState(task::State);

impl TaskState {
    /// With a `Runnable` out.
    pub fn scheduled(interest: bool) -> Self {
        TaskState(task::State::new(task::Birth::Scheduled, interest))
    }
    /// Lazy.
    pub fn lazy() -> Self {
        TaskState(task::State::new(task::Birth::New, false))
    }
    /// A waker was woken.
    pub fn notify(&self, slot: usize) -> bool {
        self.0.notify(slot) == task::Wake::Schedule
    }
    /// The job is being cancelled.
    pub fn cancel(&self) -> bool {
        self.0.cancel() == task::Wake::Schedule
    }
    /// A lazy coroutine begins.
    pub fn start(&self) -> bool {
        self.0.start() == task::Wake::Schedule
    }
    /// A step begins; `true` if it is to cut.
    pub fn run(&self, slot: usize, shielded: impl Fn() -> bool) -> bool {
        self.0.run(slot, shielded) == task::Run::Cut
    }
    /// The poll was pending.
    pub fn pend(&self, shielded: impl Fn() -> bool) -> Pend {
        match self.0.pend(0, 0, shielded, || {}) {
            task::Pend::Idle => Pend::Idle,
            task::Pend::Again(slot) => Pend::Again(usize::from(slot)),
            task::Pend::Cut => Pend::Cut,
        }
    }
    /// The future is gone; `true` if the result has a taker.
    pub fn end(&self, stored: bool) -> bool {
        self.0.end(stored, false, false)
    }
    /// `true` if the result is the caller's.
    pub fn drop_interest(&self) -> bool {
        self.0.drop_interest()
    }
}

impl fmt::Debug for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
