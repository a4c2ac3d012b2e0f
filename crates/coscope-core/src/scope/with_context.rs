//! [`with_context`]: moves the coroutine itself to another dispatcher and back, or changes elements
//! of its context for a while; [`run_on`], which runs a future elsewhere as a child.
//!
//! ```text
//!            same dispatcher ──────────────────► HERE (only the elements change) ──────────► done
//!            no dispatch needed ─► AWAY, the first poll here and now: body ready ────────────► done
//!  first                                 ┌─ in the slot that it came from, with the permit exchanged
//!  poll ──── a slot of the coroutine ──► AWAY   in place: body ready, permit exchanged back ──► done
//!                                        │        │ the other one is not free
//!                                        │        ▼
//!                                        └─ in its own slot: body ready ──► RETURNING ───────► done
//!                                           asks for its slot               asks for the slot
//!                                           when it has something to do     that it came from
//! ```
//!
//! What is exchanged in place is exchanged back when the poll of the body ends: what stands behind the
//! `with_context` must not hold a place that is meant for the inside, least of all if it blocks and
//! waits for another one to get that place.
//!
//! A wake inside goes straight to the slot's dispatcher. A poll in another slot (a `join!` polls all
//! its branches) finds that it was not meant, and does nothing.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use pin_project_lite::pin_project;

use super::handle::Scope;
use super::open::{Infallibly, Opened, scope};
use crate::context::{CoroutineContext, current};
use crate::dispatch::{Dispatcher, leave_places};
use crate::job::NodeRef;
use crate::primitive::{AtomicBool, Ordering};
use crate::task::{self, Deferred, TaskHead};
use crate::unwind;

/// Runs `future` with a changed context: on another dispatcher, with other elements, or both.
///
/// The coroutine itself moves to the dispatcher and back; nothing is boxed, and `future` may borrow. Between the
/// default and the IO dispatcher it normally stays on its thread and only exchanges its permit.
///
/// ```
/// # use coscope_core::{with_context, context::CoroutineName, dispatch::Dispatcher};
/// # async fn example(io: Dispatcher) -> std::io::Result<String> {
/// let path = "Cargo.toml".to_owned();
/// with_context(io, async { std::fs::read_to_string(&path) }).await
/// # }
/// ```
///
/// In a `join!` or `select!` with other branches, a step of this one polls the others too, on its dispatcher. They go
/// on there only if what they wait for is not of this crate (or is behind a waker of its own, as in a
/// `FuturesUnordered`): what is ours brings the coroutine to where the branch belongs first. A branch
/// that blocks, or relies on its dispatcher for exclusion, is better given a coroutine of its own.
///
/// # Cancellation
/// A coroutine that is cancelled inside is dropped on the dispatcher that it is on. One that is
/// cancelled on the way back loses the result.
///
/// # Panics
/// If the coroutine cannot move: it is pinned to its thread (`run_local`), or it is no coroutine of
/// this crate (a foreign executor). There, [`run_on`] is the way. Elements alone change anywhere.
#[track_caller]
pub fn with_context<C: Into<CoroutineContext>, F: Future>(context: C, future: F) -> WithContext<F> {
    let site = Location::caller();
    WithContext {
        given: context.into(),
        body: Some(future),
        stage: Stage::New,
        context: None,
        result: None,
        site,
    }
}

/// Runs a future of its own on another dispatcher, as a child, and gives its result. Works everywhere, also where
/// [`with_context`] cannot move the coroutine.
///
/// # Cancellation
/// As [`scope`]: the child is cancelled, and the coroutine waits for it.
///
/// # Panics
/// With the panic of the future.
#[track_caller]
pub fn run_on<C, F, T>(
    context: C,
    future: F,
) -> Opened<Infallibly, impl FnOnce(Scope) -> Deferred<T> + Send, Deferred<T>>
where
    C: Into<CoroutineContext>,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let site = Location::caller();
    let context = context.into();
    scope(move |s: Scope| s.on(context).at(site).spawn(future))
}

pin_project! {
    /// The future of [`with_context`].
    #[must_use = "it runs only when it is awaited"]
    pub struct WithContext<F: Future> {
        given: CoroutineContext,
        #[pin]
        body: Option<F>,
        stage: Stage,
        context: Option<CoroutineContext>,
        result: Option<F::Output>,
        site: &'static Location<'static>,
    }

    impl<F: Future> PinnedDrop for WithContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(context) = this.context.as_ref() {
                let (slot, place) = (current::slot(), this.stage.place());
                drop_inside(context, slot, place, || this.body.set(None));
            }
        }
    }
}

/// Drops what belongs inside, with the context around it and its thread elements set; if one of these
/// panics, the drop has happened before the panic goes on.
fn drop_inside(context: &CoroutineContext, slot: usize, place: usize, mut body: impl FnMut()) {
    current::enter_context(context, slot, place, || {
        if !context.has_thread_elements() {
            return body();
        }
        let mut dropped = false;
        let around = unwind::catch(|| {
            context.around_step(&mut || {
                dropped = true;
                body();
            });
        });
        if !dropped {
            body();
        }
        if let Err(payload) = around {
            std::panic::resume_unwind(payload);
        }
    });
}

enum Stage {
    New,
    /// On the same dispatcher: only the elements change.
    Here,
    Away(Trip),
    Done,
}

impl Stage {
    /// The slot that the body belongs to.
    fn place(&self) -> usize {
        match self {
            Stage::Away(trip) => trip.slot,
            Stage::New | Stage::Here | Stage::Done => current::place(),
        }
    }
}

/// A coroutine on another dispatcher.
struct Trip {
    node: NodeRef,
    slot: usize,
    /// Where it came from, and returns to.
    origin: usize,
    /// The origin lets a step go on under another permit.
    in_place: bool,
    /// On the target's thread already: the first poll is let through where it is.
    immediate: bool,
    asked: bool,
    returning: bool,
    /// The step in which it was last asked in vain, and how often.
    vain: (current::Step, u32),
    /// Set where the branch has a waker of its own (`FuturesUnordered`, a foreign `block_on`).
    relay: Option<Arc<Relay>>,
}

impl Drop for Trip {
    fn drop(&mut self) {
        if let Some(head) = self.node.face::<TaskHead>() {
            head.hops.close(self.slot);
        }
    }
}

/// A foreign waker in between: it must hear of a wake, so that it polls the branch, and the
/// coroutine must, so that it does so on the right dispatcher.
struct Relay {
    slot: Waker,
    outer: Waker,
    woken: Arc<AtomicBool>,
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.slot.wake_by_ref();
        self.outer.wake_by_ref();
    }
}

/// The step goes on under another dispatcher's permit, until it is exchanged back.
struct Exchanged;

impl Exchanged {
    /// Whether the step may go on under the permit of the dispatcher around. If not, it leaves its
    /// places all the same, and ends without one.
    fn back(self) -> bool {
        let back = current::dispatcher().is_some_and(|home| home.dispatch_impl().enter_in_place());
        if back {
            std::mem::forget(self);
        }
        back
    }
}

impl Drop for Exchanged {
    fn drop(&mut self) {
        leave_places();
    }
}

/// So many polls in vain within one step mean that a foreign loop polls the branch over and over.
const IN_VAIN: u32 = 1_000;

impl<F: Future> WithContext<F> {
    /// Where the body is to run.
    fn set_out(given: &CoroutineContext, site: &'static Location<'static>) -> Stage {
        let Some(target) = given.dispatcher() else { return Stage::Here };
        if current::dispatcher().as_ref() == Some(target) {
            return Stage::Here;
        }
        let immediate = !target.dispatch_impl().is_dispatch_needed();
        let movable = current::coroutine()
            .filter(|node| node.face::<TaskHead>().is_some_and(|head| head.pinned.is_none()));
        let Some(node) = movable else {
            if immediate {
                return Stage::Here; // what cannot move stays on the thread that it is on already
            }
            panic!(
                "with_context({target:?}) at {site} cannot move what runs here to another dispatcher: it is pinned to \
                 its thread, or is no coroutine of coscope. Use run_on(dispatcher, future).await, which takes a \
                 `Send + 'static` future, or change elements only."
            )
        };
        Stage::Away(Self::depart(node, target, immediate, site))
    }

    fn depart(node: NodeRef, target: &Dispatcher, immediate: bool, site: &'static Location<'static>) -> Trip {
        let head = node.face::<TaskHead>().expect("a coroutine");
        let origin = current::place();
        let Some(slot) = head.hops.open(target, origin, current::slot()) else {
            panic!(
                "with_context({target:?}) at {site}: the coroutine {} is on {} other dispatchers at once. \
                 Use run_on(dispatcher, future).await for some of them.",
                node.info(),
                task::state::SLOTS - 1,
            )
        };
        let in_place = current::dispatcher().is_some_and(|home| home.dispatch_impl().may_leave_in_place());
        Trip {
            node,
            slot,
            origin,
            in_place,
            immediate,
            asked: false,
            returning: false,
            vain: (current::Step::default(), 0),
            relay: None,
        }
    }
}

impl Trip {
    /// The waker for the body: the coroutine's for this slot, and a foreign one in between as well.
    fn inner_waker(&mut self, cx: &Context<'_>) -> Waker {
        let slot = || task::waker::waker(&self.node, self.slot);
        if task::waker::slot_of(cx.waker(), &self.node).is_some() {
            self.relay = None;
            return slot();
        }
        if let Some(relay) = &self.relay {
            relay.woken.store(false, Ordering::Release); // what comes from here on is for the next poll
            if relay.outer.will_wake(cx.waker()) {
                return relay.clone().into();
            }
        }
        // The mark outlives the relay: an older one that is woken late marks the branch all the same.
        let woken = self.relay.take().map_or_else(Arc::default, |relay| relay.woken.clone());
        let relay = Arc::new(Relay { slot: slot(), outer: cx.waker().clone(), woken });
        self.relay = Some(relay.clone());
        relay.into()
    }

    /// Whether a step in the slot `at` is for the body, or for a trip that the body has made itself.
    fn lets_through(&self, at: usize) -> bool {
        let inside = || self.node.face::<TaskHead>().is_some_and(|head| head.hops.is_inside(at, self.slot));
        at == self.slot || inside()
    }

    /// Polled where it does not run: asks for a step in `slot`, where it has something to do.
    fn ask(&mut self, slot: usize, cx: &Context<'_>, site: &'static Location<'static>) {
        let step = current::step();
        self.vain = if self.vain.0 == step { (step, self.vain.1 + 1) } else { (step, 1) };
        assert!(
            self.vain.1 < IN_VAIN,
            "with_context at {site} is polled over and over within one step of {}: a foreign block_on inside a \
             coroutine waits for what only the coroutine's own next step can do. Await it instead.",
            self.node.info(),
        );
        self.node.on_woken(slot);
        if task::waker::slot_of(cx.waker(), &self.node).is_none() {
            // a foreign waker in between polls this branch again only if it is told to
            if self.vain.1 == 1 {
                self.node.face::<TaskHead>().expect("a coroutine").hops.on_arrival(slot, cx.waker().clone());
            }
            if current::may_ask_again(std::ptr::from_ref(self).addr()) {
                cx.waker().wake_by_ref();
            }
        }
    }

    /// Whether the step in the slot `at`, where it came from, may go on as one of its dispatcher's.
    fn enter_in_place(&self, at: usize, given: &CoroutineContext) -> bool {
        self.in_place
            && at == self.origin
            && given.dispatcher().is_some_and(|target| target.dispatch_impl().enter_in_place())
    }

    /// Polled where it does not run. Asks for the right place if it has something to do there: at
    /// first, where a wake of its body may have come to, and where it was woken behind a foreign waker,
    /// whose wake was spent on this poll.
    fn in_vain(&mut self, at: usize, site: &'static Location<'static>, cx: &Context<'_>) {
        let foreign = task::waker::slot_of(cx.waker(), &self.node).is_none();
        let woken = self.relay.as_ref().is_none_or(|relay| relay.woken.load(Ordering::Acquire));
        let first = !std::mem::replace(&mut self.asked, true);
        if first || (self.in_place && at == self.origin) || (foreign && woken) {
            self.ask(self.slot, cx, site);
        }
    }
}

impl<F: Future> Future for WithContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if matches!(this.stage, Stage::New) {
            *this.context = Some(current::context() + this.given.clone());
            *this.stage = Self::set_out(this.given, this.site);
        }
        let (at, place) = (current::slot(), this.stage.place());
        let context = this.context.as_ref().expect("set at the first poll");
        let poll_body = |body: Pin<&mut Option<F>>, slot: usize, cx: &mut Context<'_>| {
            let body = body.as_pin_mut().expect("a with_context was polled after it had ended");
            let mut body = Some((body, cx));
            let mut polled = Poll::Pending;
            current::enter_context(context, slot, place, || {
                let mut step = || {
                    let (body, cx) = body.take().expect("a step runs once");
                    polled = body.poll(cx);
                };
                if context.has_thread_elements() { context.around_step(&mut step) } else { step() }
            });
            polled
        };
        match this.stage {
            Stage::New => unreachable!("set out above"),
            Stage::Done => panic!("a with_context was polled after it had ended"),
            Stage::Here => {
                let polled = poll_body(this.body.as_mut(), at, cx);
                if polled.is_ready() {
                    drop_inside(context, at, place, || this.body.set(None));
                    *this.stage = Stage::Done;
                }
                polled
            }
            Stage::Away(trip) if trip.returning => {
                if at != trip.origin {
                    trip.ask(trip.origin, cx, this.site);
                    return Poll::Pending;
                }
                *this.stage = Stage::Done;
                Poll::Ready(this.result.take().expect("brought along"))
            }
            Stage::Away(trip) => {
                let immediate = std::mem::take(&mut trip.immediate);
                trip.asked |= immediate;
                let through = immediate || trip.lets_through(at);
                let in_place = !through && trip.enter_in_place(at, this.given);
                if !through && !in_place {
                    trip.in_vain(at, this.site, cx);
                    return Poll::Pending;
                }
                let back;
                if in_place {
                    let exchanged = Exchanged;
                    // for all inside it is the trip's own slot; a wake comes to where it came from
                    let polled = poll_body(this.body.as_mut(), trip.slot, cx);
                    if let Poll::Ready(value) = polled {
                        *this.result = Some(value);
                        drop_inside(context, trip.slot, place, || this.body.set(None));
                    }
                    back = exchanged.back();
                } else {
                    let waker = trip.inner_waker(cx);
                    let at = if immediate { trip.slot } else { at };
                    let polled = poll_body(this.body.as_mut(), at, &mut Context::from_waker(&waker));
                    if let Poll::Ready(value) = polled {
                        *this.result = Some(value);
                        drop_inside(context, at, place, || this.body.set(None));
                    }
                    back = immediate;
                }
                if this.result.is_none() {
                    return Poll::Pending;
                }
                if back {
                    *this.stage = Stage::Done;
                    return Poll::Ready(this.result.take().expect("just set"));
                }
                trip.returning = true;
                trip.ask(trip.origin, cx, this.site);
                Poll::Pending
            }
        }
    }
}

impl<F: Future> fmt::Debug for WithContext<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithContext")
            .field("given", &self.given)
            .field("site", self.site)
            .finish_non_exhaustive()
    }
}
