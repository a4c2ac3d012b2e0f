//! A region: a job inside a coroutine, and the machine that every region's future is driven by.
//!
//! ```text
//!  (1) first poll      (2) body ready, panicked, or cut       (3) the last child has ended
//!   START ───────► BODY ────────────────────────────► JOINING ───────────────────────► DONE
//!                    │ (4) dropped by foreign code        │ (4)
//!                    └──────────────► ABANDONED ◄─────────┘
//! ```
//!
//! A region has a *frame* on the thread while it is polled, and a *node* in the tree from the moment
//! something needs one: a child, a clean-up, a shield inside. An empty region never has one.
//!
//! Abandoned, the region is cancelled at once, and its node stays in the tree until its children
//! have ended: the coroutine, and every scope above, cannot complete before.

use std::any::Any;
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::finalizer;
use crate::context::CoroutineContext;
use crate::context::current::{self, DeadlineFace, Frame};
use crate::error::CancelReason;
use crate::failure::Failure;
use crate::job::{Birth, Identity, KindRef, NodeRef, SharedKind};
use crate::primitive::{Mutex, Ordering};
use crate::suspend::gate;
use crate::unwind;

/// What a region does with a child that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The first failure cuts the region.
    FailFast,
    /// Nothing: it goes to the failure handler.
    Supervise,
    /// Every failure is kept.
    Gather,
}

/// A region's part of its node.
pub(crate) struct RegionNode {
    mode: Mode,
    deadline: DeadlineFace,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    waker: Option<Waker>,
    failures: Vec<Failure>,
    /// The region's future has gone: nobody will take a failure from here any more.
    abandoned: bool,
    /// The region's future waits for a shield inside to end.
    held_up: bool,
}

impl Slot {
    /// Keeps a failure for the region's future, if that is still there.
    fn keep(&mut self, failure: Failure) -> Option<Failure> {
        if self.abandoned {
            return Some(Failure { suppressed: true, ..failure });
        }
        self.failures.push(failure);
        None
    }
}

impl RegionNode {
    fn wake(&self) {
        let waker = self.slot.lock().waker.take();
        if let Some(waker) = waker {
            unwind::contain("a waker", || waker.wake());
        }
    }
}

impl SharedKind for RegionNode {
    fn cancelled(this: &KindRef<Self>) {
        if this.state.is_failed() {
            this.payload.wake(); // whoever polled the region drops its body
        }
    }
    fn child_failed(this: &KindRef<Self>, mut failure: Failure) -> Option<Failure> {
        match this.payload.mode {
            Mode::Supervise => Some(failure),
            Mode::Gather if this.state.is_body_done() && this.state.is_cut() => Some(failure),
            Mode::Gather => this.payload.slot.lock().keep(failure),
            Mode::FailFast => {
                let reason = failure.reason();
                if this.as_node().fail(reason.clone()) {
                    let late = this.payload.slot.lock().keep(failure);
                    this.as_node().cut_after_failure();
                    late
                } else {
                    failure.suppressed = true;
                    Some(failure)
                }
            }
        }
    }
    fn completed(this: &KindRef<Self>) {
        this.payload.wake();
    }
    fn unshielded(this: &KindRef<Self>) {
        if this.state.is_cancelling() || this.payload.slot.lock().held_up {
            this.payload.wake();
        }
    }
    fn face(payload: &Self) -> Option<&(dyn Any + 'static)> {
        Some(&payload.deadline)
    }
}

/// A node for a region below `parent`.
pub(crate) fn allocate(parent: NodeRef, frame: &Frame, mode: Mode) -> NodeRef {
    let identity = Identity { name: Some(Cow::Borrowed(frame.name)), id: 0, site: frame.site };
    let birth = Birth { region: true, shield: frame.shield, holds_parent: true, lazy: false };
    let payload =
        RegionNode { mode, deadline: DeadlineFace(frame.deadline.get()), slot: Mutex::new(Slot::default()) };
    KindRef::allocate(Some(&parent), birth, identity, payload).into_node()
}

/// How a poll of the body went.
pub(crate) enum Polled<T> {
    Pending,
    Ready(T),
    Panicked(Box<dyn Any + Send>),
    /// A child has failed: the body is to be dropped.
    Cut,
}

/// What every region's future consists of, beside its body.
pub(crate) struct Region {
    pub(crate) frame: Frame,
}

impl Region {
    #[track_caller]
    pub(crate) fn new(name: &'static str, mode: Mode) -> Self {
        let make = match mode {
            Mode::FailFast => |parent, frame: &Frame| allocate(parent, frame, Mode::FailFast),
            Mode::Supervise => |parent, frame: &Frame| allocate(parent, frame, Mode::Supervise),
            Mode::Gather => |parent, frame: &Frame| allocate(parent, frame, Mode::Gather),
        };
        Region { frame: Frame::new(name, make) }
    }

    fn node(&self) -> Option<&NodeRef> {
        self.frame.node.get()
    }

    fn payload(&self) -> Option<&KindRef<RegionNode>> {
        self.node()?.downcast()
    }

    /// The node and the context that children of the region inherit, for a handle. Called at the
    /// first poll, outside of the frame.
    pub(crate) fn handle(&self) -> (NodeRef, CoroutineContext) {
        let node = self.frame.node_from_outside();
        let context = current::context();
        (node, context)
    }

    /// Runs `f`, which polls or drops the body, inside the region. Hands it back if the region has been
    /// force-closed: there is no inside any more.
    fn inside<R, F: FnOnce() -> R>(&self, f: F) -> Result<R, F> {
        if let Some(node) = self.node() {
            if node.is_adrift() {
                return Err(f);
            }
            if !node.state.begin_poll() {
                let _left = node.state.end_poll();
                return Err(f);
            }
        }
        struct Leave<'a>(&'a Region);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                if let Some(node) = self.0.node()
                    && node.state.end_poll()
                {
                    node.release(); // force-closed meanwhile
                }
            }
        }
        let _leave = Leave(self);
        Ok(self.frame.enter(f))
    }

    fn polled_closed(&self) -> ! {
        let Frame { name, site, .. } = self.frame;
        panic!(
            "a {name} opened at {site} was polled after the coroutine that it belongs to had ended: \
             it was forgotten, or moved out of it, and has been closed"
        )
    }

    /// Polls the body once.
    pub(crate) fn poll_body<F: Future>(&self, body: Pin<&mut F>, cx: &mut Context<'_>) -> Polled<F::Output> {
        let poll = || self.inside(|| body.poll(cx)).unwrap_or_else(|_| self.polled_closed());
        match unwind::catch(poll) {
            Ok(Poll::Ready(value)) => Polled::Ready(value),
            Err(payload) => Polled::Panicked(payload),
            Ok(Poll::Pending) => {
                self.register(cx);
                if self.is_failed() && !self.is_shielded() { Polled::Cut } else { Polled::Pending }
            }
        }
    }

    /// From now on the end of the last child, or a failure, wakes this poll's task. Without a child as
    /// well: its first one may come from elsewhere, through a handle, while nobody polls.
    fn register(&self, cx: &mut Context<'_>) {
        let Some(region) = self.payload() else { return };
        let known = region.payload.slot.lock().waker.as_ref().is_some_and(|w| w.will_wake(cx.waker()));
        if !known {
            let waker = cx.waker().clone();
            let old = region.payload.slot.lock().waker.replace(waker);
            drop(old);
        }
    }

    /// Nobody but this region's future knows its node, and nothing hangs below it.
    #[inline]
    pub(crate) fn is_untouched(&self) -> bool {
        self.node().is_none_or(|node| !node.state.is_linked() && !node.is_known())
    }

    /// A failure is kept.
    pub(crate) fn is_failed(&self) -> bool {
        self.node().is_some_and(|node| node.state.is_failed())
    }

    /// A shield is open inside: the body cannot be dropped yet.
    pub(crate) fn is_shielded(&self) -> bool {
        self.node().is_some_and(|node| node.shields.fetch_add(0, Ordering::AcqRel) != 0)
    }

    /// As [`is_shielded`](Self::is_shielded), for one who waits for the shield's end, after a poll of the
    /// body: if it comes outside of one, the poll's task is woken.
    pub(crate) fn is_held_up(&self) -> bool {
        let Some(region) = self.payload().filter(|_| self.is_shielded()) else { return false };
        region.payload.slot.lock().held_up = true;
        self.is_shielded() // asked again: the end gives its count back first, and looks at the mark then
    }

    /// Drops the body (that is what `drop_body` does) inside the region, if that has not been closed; a
    /// panic in a `Drop` is contained.
    pub(crate) fn cut_body(&self, drop_body: impl FnOnce()) {
        let drop_body = || self.inside(drop_body).unwrap_or_else(|drop_body| drop_body());
        current::dropping(|| unwind::contain("a Drop inside a scope that is being cut", drop_body));
    }

    /// Cancels the children, since the body has ended in failure.
    pub(crate) fn cancel_children(&self, reason: CancelReason) {
        if let Some(node) = self.node() {
            node.cancel(reason);
        }
    }

    /// The body has failed by itself. `false` if a child was first.
    pub(crate) fn fail(&self, reason: CancelReason) -> bool {
        let Some(node) = self.node() else { return true };
        let first = node.fail(reason.clone());
        if first {
            node.cut_after_failure();
        }
        first || !node.state.is_failed()
    }

    /// The body is gone: regions that it has left open are closed, its token is given back.
    pub(crate) fn end_body(&self) {
        if let Some(node) = self.node() {
            node.close_regions();
            if node.state.region_ended() {
                node.release();
            }
        }
    }

    /// Waits for what was left behind inside.
    pub(crate) fn poll_joined(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(node) = self.node() else { return Poll::Ready(()) };
        if !node.state.is_completed() {
            self.register(cx);
        }
        if node.state.is_completed() { gate::pass(cx, Poll::Ready(())) } else { Poll::Pending }
    }

    /// Takes the failures that were kept.
    pub(crate) fn take_failures(&self) -> Vec<Failure> {
        self.payload()
            .map(|region| std::mem::take(&mut region.payload.slot.lock().failures))
            .unwrap_or_default()
    }

    /// The region's future is being dropped before it was ready. `drop_body` drops the body, if it is
    /// still there.
    pub(crate) fn abandon(&self, drop_body: impl FnOnce()) {
        if let Some(node) = self.node() {
            node.cancel(CancelReason::new("its scope was dropped"));
        }
        self.cut_body(drop_body);
        self.end_body();
        if let Some(node) = self.node()
            && !node.state.is_completed()
        {
            finalizer::queue_region(node.clone());
        }
        if let Some(region) = self.payload() {
            region.payload.slot.lock().abandoned = true;
        }
        self.report_failures();
    }

    /// Nobody will take the failures that were kept: the failure handler hears of them.
    pub(crate) fn report_failures(&self) {
        for failure in self.take_failures() {
            let failure = Failure { suppressed: true, ..failure };
            crate::failure::report(current::context().failure_handler(), failure);
        }
    }
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.frame.name, self.frame.site)
    }
}
