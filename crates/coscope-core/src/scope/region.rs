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
//! something needs one: a child, a clean-up, a shield inside. An empty region never has one, or has lost
//! it again by the end of its first poll (a `scope`, whose handle may go anywhere at once).
//!
//! Whoever polls a region right inside of what its node hangs below may count on that: it cannot end
//! meanwhile. Whoever has moved the region's future elsewhere must first see that it has not been closed.
//!
//! Abandoned, the region is cancelled at once, and its node stays in the tree until its children
//! have ended: the coroutine, and every scope above, cannot complete before.

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use super::finalizer;
use super::launcher::Place;
use crate::context::current::{self, DeadlineFace, Frame};
use crate::error::CancelReason;
use crate::failure::Failure;
use crate::job::{Birth, Ended, Identity, KindRef, Name, NodeRef, SharedKind, waker};
use crate::primitive::{Mutex, Ordering};
use crate::suspend::gate::{self, Mark, WaitKind};
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
    /// Wakes whoever polls the region. A coroutine's own waker stays where it is, and is not registered again
    /// ([`Region::register`]).
    fn wake(&self) {
        let waker = {
            let mut slot = self.slot.lock();
            slot.waker.as_ref().and_then(waker::again).or_else(|| slot.waker.take())
        };
        if let Some(waker) = waker {
            unwind::contain("a waker", || waker.wake());
        }
    }
    /// As [`wake`](Self::wake), for the last time.
    fn wake_at_end(&self) {
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
        this.payload.wake_at_end();
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

/// A node for a region below `parent`, made inside of a poll of the region.
fn allocate(parent: &NodeRef, holds_parent: bool, frame: &Frame, mode: Mode) -> NodeRef {
    let identity = Identity { name: Some(Name::of(frame.name)), id: 0, site: frame.site };
    let birth = Birth { region: true, shield: frame.shield, holds_parent, lazy: false };
    let deadline = DeadlineFace(frame.deadline());
    let payload = || RegionNode { mode, deadline, slot: Mutex::new(Slot::default()) };
    KindRef::allocate(Some(parent), birth, identity, payload).into_node()
}

/// How a poll of the body went.
pub(crate) enum Polled<T> {
    Pending,
    Ready(T),
    Panicked(Box<dyn Any + Send>),
    /// A child has failed: the body is to be dropped.
    Cut,
}

impl<T> Polled<T> {
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self, Polled::Pending | Polled::Cut)
    }
}

/// What a poll of a body has ended with, if it has: `poll` writes the value, and may then drop the body.
#[inline]
fn end_of<T>(poll: impl FnOnce(&mut Option<T>)) -> Option<thread::Result<T>> {
    let mut value = None;
    let Err(payload) = unwind::catch(|| poll(&mut value)) else { return value.map(Ok) };
    let Some(value) = value else { return Some(Err(payload)) };
    unwind::contain("a Drop of a scope's body", || resume_unwind(payload));
    Some(Ok(value))
}

/// Polls a body, and drops it when it is ready.
#[inline]
fn poll_into<F: Future>(value: &mut Option<F::Output>, mut body: Pin<&mut Option<F>>, cx: &mut Context<'_>) {
    let future = body.as_mut().as_pin_mut().expect("a body is polled until it has ended");
    if let Poll::Ready(ready) = future.poll(cx) {
        *value = Some(ready);
        body.set(None);
    }
}

/// What every region's future consists of, beside its body.
pub(crate) struct Region {
    pub(crate) frame: Frame,
    /// The data of the coroutine's waker that the node has, and keeps until the region has completed; else 0.
    registered: Cell<usize>,
}

impl Region {
    #[track_caller]
    pub(crate) fn new(name: &'static str, mode: Mode) -> Self {
        let make = match mode {
            Mode::FailFast => |parent: &_, holds, frame: &_| allocate(parent, holds, frame, Mode::FailFast),
            Mode::Supervise => |parent: &_, holds, frame: &_| allocate(parent, holds, frame, Mode::Supervise),
            Mode::Gather => |parent: &_, holds, frame: &_| allocate(parent, holds, frame, Mode::Gather),
        };
        Region { frame: Frame::new(name, make), registered: Cell::new(0) }
    }

    fn node(&self) -> Option<&NodeRef> {
        self.frame.node.get()
    }

    fn payload(&self) -> Option<&KindRef<RegionNode>> {
        self.node()?.downcast()
    }

    /// Runs `f`, which polls or drops the body, inside the region. Hands it back if the region has been
    /// force-closed: there is no inside any more.
    fn inside<R, F: FnOnce() -> R>(&self, f: F) -> Result<R, F> {
        match self.node() {
            Some(node) if !node.parent().is_some_and(current::is_innermost) => self.inside_elsewhere(node, f),
            Some(node) if node.state.is_closed() => Err(f),
            // What closes regions is the end of the body around, which this runs in the middle of.
            _ => Ok(self.frame.enter(f)),
        }
    }

    /// As [`inside`](Self::inside), where the region's future has been moved out of what its node hangs below.
    #[cold]
    fn inside_elsewhere<R, F: FnOnce() -> R>(&self, node: &NodeRef, f: F) -> Result<R, F> {
        struct Leave<'a>(&'a NodeRef);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                if self.0.state.end_poll() {
                    self.0.release_body(Ended::Cut); // force-closed meanwhile
                }
            }
        }
        if node.is_adrift() {
            return Err(f);
        }
        if !node.state.begin_poll() {
            let _left = node.state.end_poll();
            return Err(f);
        }
        let _leave = Leave(node);
        Ok(self.frame.enter(f))
    }

    fn polled_closed(&self) -> ! {
        let Frame { name, site, .. } = self.frame;
        panic!(
            "a {name} opened at {site} was polled after the coroutine that it belongs to had ended: \
             it was forgotten, or moved out of it, and has been closed"
        )
    }

    /// Opens and polls the body for the first time, in a region that has a node from the outset. If nothing
    /// has come of that, the node has gone again.
    #[inline]
    pub(crate) fn begin<F: Future>(
        &mut self,
        open: impl FnOnce(Place) -> F,
        mut body: Pin<&mut Option<F>>,
        cx: &mut Context<'_>,
        is_failure: fn(&F::Output) -> bool,
    ) -> Polled<F::Output> {
        let mut ended = None;
        self.frame.begin(|node| {
            ended = end_of(|value| {
                // the context inside is that around
                body.set(Some(open(Place::new(node, current::context()))));
                poll_into(value, body, cx);
            });
            matches!(&ended, Some(Ok(value)) if !is_failure(value))
        });
        self.look_at(ended, cx)
    }

    /// Polls the body once. When it is ready it is dropped.
    pub(crate) fn poll_body<F: Future>(
        &self,
        body: Pin<&mut Option<F>>,
        cx: &mut Context<'_>,
    ) -> Polled<F::Output> {
        let ended = end_of(|value| {
            self.inside(|| poll_into(value, body, cx)).unwrap_or_else(|_| self.polled_closed());
        });
        self.look_at(ended, cx)
    }

    /// As [`poll_body`](Self::poll_body). If it is pending, the mark of the step is that of a wait inside, or `kind`'s
    /// where that is foreign.
    pub(crate) fn poll_body_marked<F: Future>(
        &self,
        body: Pin<&mut Option<F>>,
        cx: &mut Context<'_>,
        kind: WaitKind,
    ) -> Polled<F::Output> {
        let (polled, before) = current::apart(|| self.poll_body(body, cx));
        if !polled.is_pending() {
            current::leave(before);
        } else {
            current::waits_at_least(|| Mark::new(kind, self.frame.site));
        }
        polled
    }

    #[inline]
    fn look_at<T>(&self, ended: Option<thread::Result<T>>, cx: &mut Context<'_>) -> Polled<T> {
        if ended.is_none() {
            current::wraps_a_wait(self.frame.site);
        }
        match ended {
            Some(Ok(value)) => Polled::Ready(value),
            Some(Err(payload)) => Polled::Panicked(payload),
            None if self.node().is_some() => {
                self.register(cx);
                if self.is_failed() && !self.is_shielded() { Polled::Cut } else { Polled::Pending }
            }
            None => Polled::Pending,
        }
    }

    /// From now on the end of the last child, or a failure, wakes this poll's task. Without a child as
    /// well: its first one may come from elsewhere, through a handle, while nobody polls.
    #[inline]
    fn register(&self, cx: &mut Context<'_>) {
        let waker = cx.waker();
        if self.registered.get() != waker.data().addr() || !waker::is_own(waker) {
            self.register_waker(cx);
        }
    }

    #[inline(never)]
    fn register_waker(&self, cx: &mut Context<'_>) {
        let Some(region) = self.payload() else { return };
        let waker = cx.waker();
        let known = region.payload.slot.lock().waker.as_ref().is_some_and(|known| known.will_wake(waker));
        if !known {
            let waker = waker::again(waker).unwrap_or_else(|| waker.clone());
            let old = region.payload.slot.lock().waker.replace(waker);
            drop(old);
        }
        self.registered.set(if waker::is_own(waker) { waker.data().addr() } else { 0 });
    }

    /// Nobody but this region's future knows its node, and nothing hangs below it.
    #[inline]
    pub(crate) fn is_untouched(&self) -> bool {
        self.node().is_none_or(|node| node.is_untouched())
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
                node.release_body(Ended::Kept);
            }
        }
    }

    /// Waits for what was left behind inside.
    pub(crate) fn poll_joined(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(node) = self.node() else { return Poll::Ready(()) };
        if !node.state.is_completed() {
            self.register(cx);
        }
        let ended = if node.state.is_completed() { Poll::Ready(()) } else { Poll::Pending };
        gate::pass_marked(cx, ended, Mark::new(WaitKind::Children, self.frame.site))
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
            node.cancel_dropped("its scope was dropped");
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
