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
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::handle::Scope;
use super::open::{Infallibly, Opened, scope};
use super::trip::{self, Exchanged, Trip};
use crate::context::current::{self, At};
use crate::context::{CoroutineContext, Visit};
use crate::job::NodeRef;
use crate::mark::WaitKind;
use crate::task::Deferred;
use crate::unwind;

/// Runs `future` with a changed context: on another dispatcher, with other elements, or both.
///
/// The coroutine itself moves to the dispatcher and back; nothing is boxed, and `future` may borrow. Between the
/// default and the IO dispatcher it normally stays on its thread and only exchanges its permit.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |_| {
///     let path = "Cargo.toml".to_owned();
///     let text = with_context(Dispatchers::io(), async { std::fs::read_to_string(&path) }).await;
///     assert!(text.is_ok()); // and we are back on our own thread
/// });
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
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |_| {
///     let label = run_on(Dispatchers::default(), async { coscope::current_label() }).await;
///     assert!(label.starts_with("DefaultDispatcher-worker-"));
/// });
/// ```
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
    ///
    /// ```
    /// # use coscope::{WithContext, prelude::*};
    /// let away: WithContext<_> = with_context(Dispatchers::io(), async { 42 });
    /// assert_eq!(run_blocking(async |_| away.await), 42);
    /// ```
    #[must_use = "it runs only when it is awaited"]
    #[project = Parts]
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
            if let Some(context) = this.context.as_ref()
                && this.body.is_some()
            {
                drop_inside(context, None, this.stage.place(), || this.body.set(None));
            }
        }
    }
}

/// Drops what belongs inside, with the context around it and its thread elements set; if one of these
/// panics, the drop has happened before the panic goes on.
fn drop_inside(context: &CoroutineContext, slot: Option<At>, place: At, mut body: impl FnMut()) {
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
    fn place(&self) -> At {
        match self {
            Stage::Away(trip) => At::number(trip.slot),
            Stage::New | Stage::Here | Stage::Done => current::whereabouts().1,
        }
    }
}

impl<F: Future> WithContext<F> {
    /// Where the body is to run.
    fn set_out(given: &CoroutineContext, site: &'static Location<'static>) -> Stage {
        let Some(target) = given.dispatcher() else { return Stage::Here };
        if current::with_dispatcher(|here| here == Some(target)) {
            return Stage::Here;
        }
        let immediate = !target.dispatch_impl().is_dispatch_needed();
        let Some(node) = current::coroutine().filter(NodeRef::is_movable) else {
            if immediate {
                return Stage::Here; // what cannot move stays on the thread that it is on already
            }
            panic!(
                "with_context({target:?}) at {site} cannot move what runs here to another dispatcher: it is pinned to \
                 its thread, or is no coroutine of coscope. Use run_on(dispatcher, future).await, which takes a \
                 `Send + 'static` future, or change elements only."
            )
        };
        Stage::Away(Trip::depart(node, target, immediate, site))
    }
}

/// What a visit leaves behind, unless it has been `forgotten`: the body has panicked, is pending, or has ended where
/// it cannot go back in place.
struct Visited<'v, 'a> {
    visit: &'v Visit<'a>,
    context: &'v mut Option<CoroutineContext>,
    stage: &'v mut Stage,
    forgotten: bool,
}

impl Drop for Visited<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        let opened = self.visit.opened();
        if !self.forgotten || opened.is_some() {
            self.keep(opened);
        }
    }
}

impl Visited<'_, '_> {
    #[cold]
    #[inline(never)]
    fn keep(&mut self, opened: Option<usize>) {
        *self.context = Some(self.visit.context().clone());
        let away = |slot| Stage::Away(Trip::after_visit(slot, self.visit.origin.slot()));
        *self.stage = opened.map_or(Stage::Here, away);
    }
}

impl<F: Future> Parts<'_, F> {
    /// The first poll, under the permit of the other dispatcher, if that can be had here and now.
    fn visit(&mut self, cx: &mut Context<'_>) -> Option<Poll<F::Output>> {
        trip::visit(self.given, self.site, |visit| {
            let (polled, back) = {
                // it ends where it lies: moving it costs more than all that it does
                let exchanged = Exchanged;
                let mut left = Visited { visit, context: self.context, stage: self.stage, forgotten: false };
                let polled = current::enter_visit(visit, || {
                    let body = self
                        .body
                        .as_mut()
                        .as_pin_mut()
                        .expect("a with_context was polled after it had ended");
                    let polled = body.poll(cx);
                    if polled.is_ready() {
                        self.body.set(None);
                    }
                    polled
                });
                let back = exchanged.back();
                left.forgotten = back && polled.is_ready();
                if !left.forgotten {
                    visit.slot(); // from now on it has one
                }
                (polled, back)
            };
            let Poll::Ready(value) = polled else {
                current::wraps_a_wait(self.site);
                return Poll::Pending;
            };
            if back {
                *self.stage = Stage::Done;
                return Poll::Ready(value);
            }
            *self.result = Some(value);
            if let Stage::Away(trip) = self.stage {
                trip.returning = true;
                trip.ask(trip.origin, cx, self.site);
            }
            Poll::Pending
        })
    }
}

impl<F: Future> Future for WithContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if matches!(this.stage, Stage::New) {
            if let Some(polled) = this.visit(cx) {
                return polled;
            }
            *this.context = Some(current::context() + this.given.clone());
            *this.stage = Self::set_out(this.given, this.site);
        }
        let place = this.stage.place();
        let context = this.context.as_ref().expect("set at the first poll");
        let poll_body = |body: Pin<&mut Option<F>>, slot: Option<At>, cx: &mut Context<'_>| {
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
            if polled.is_pending() {
                current::wraps_a_wait(this.site);
            }
            polled
        };
        match this.stage {
            Stage::New => unreachable!("set out above"),
            Stage::Done => panic!("a with_context was polled after it had ended"),
            Stage::Here => {
                let polled = poll_body(this.body.as_mut(), None, cx);
                if polled.is_ready() {
                    drop_inside(context, None, place, || this.body.set(None));
                    *this.stage = Stage::Done;
                }
                polled
            }
            Stage::Away(trip) if trip.returning => {
                if current::whereabouts().0.slot() != trip.origin {
                    trip.ask(trip.origin, cx, this.site);
                    current::waits(WaitKind::WithContext, this.site);
                    return Poll::Pending;
                }
                *this.stage = Stage::Done;
                Poll::Ready(this.result.take().expect("brought along"))
            }
            Stage::Away(trip) => {
                let at = current::whereabouts().0.slot();
                let immediate = std::mem::take(&mut trip.immediate);
                trip.asked |= immediate;
                let through = immediate || trip.lets_through(at);
                let in_place = !through && trip.enter_in_place(at, this.given);
                if !through && !in_place {
                    trip.in_vain(at, this.site, cx);
                    current::waits(WaitKind::WithContext, this.site);
                    return Poll::Pending;
                }
                let back;
                if in_place {
                    let exchanged = Exchanged;
                    // for all inside it is the trip's own slot; a wake comes to where it came from
                    let polled = poll_body(this.body.as_mut(), Some(place), cx);
                    if let Poll::Ready(value) = polled {
                        *this.result = Some(value);
                        drop_inside(context, Some(place), place, || this.body.set(None));
                    }
                    back = exchanged.back();
                } else {
                    let waker = trip.inner_waker(cx);
                    let slot = immediate.then_some(place);
                    let polled = poll_body(this.body.as_mut(), slot, &mut Context::from_waker(&waker));
                    if let Poll::Ready(value) = polled {
                        *this.result = Some(value);
                        drop_inside(context, slot, place, || this.body.set(None));
                    }
                    back = immediate || (this.result.is_some() && trip.goes_home_in_place(at));
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
                current::waits(WaitKind::WithContext, this.site);
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
