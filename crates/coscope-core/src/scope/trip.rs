//! [`Trip`]: a coroutine on another dispatcher: its slot there, whom it asks to get to it, and the wakers it
//! hands down. When it is polled, and what then: `with_context`.

use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use crate::context::{CoroutineContext, Visit, current};
use crate::dispatch::{Dispatcher, leave_places};
use crate::job::{self, NodeRef};
use crate::primitive::{AtomicBool, Ordering};
use crate::task::TaskHead;

/// A coroutine on another dispatcher.
pub(super) struct Trip {
    node: NodeRef,
    pub(super) slot: usize,
    /// Where it came from, and returns to.
    pub(super) origin: usize,
    /// The origin lets a step go on under another permit.
    in_place: bool,
    /// On the target's thread already: the first poll is let through where it is.
    pub(super) immediate: bool,
    pub(super) asked: bool,
    /// The body has ended.
    pub(super) returning: bool,
    /// The step in which it was last asked in vain, and how often.
    vain: (current::StepNumber, u32),
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
pub(super) struct Exchanged;

impl Exchanged {
    /// Whether the step may go on under the permit of the dispatcher around. If not, it leaves its
    /// places all the same, and ends without one.
    pub(super) fn back(self) -> bool {
        let enter = |home: &Dispatcher| home.dispatch_impl().enter_in_place();
        let back = current::with_dispatcher(|home| home.is_some_and(enter));
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

/// Whether a step of the dispatcher at this point may go on under another one's permit for a while.
fn may_leave_in_place() -> bool {
    current::with_dispatcher(|home| home.is_some_and(|home| home.dispatch_impl().may_leave_in_place()))
}

/// Opens a slot of the coroutine for `target`.
fn open(node: &NodeRef, target: &Dispatcher, at: (usize, usize), site: &'static Location<'static>) -> usize {
    let (step, origin) = at;
    let head = node.face::<TaskHead>().expect("a coroutine");
    head.hops.open(target, origin, step).unwrap_or_else(|| {
        panic!(
            "with_context({target:?}) at {site}: the coroutine {} is on {} other dispatchers at once. \
             Use run_on(dispatcher, future).await for some of them.",
            node.info(),
            job::waker::SLOTS - 1,
        )
    })
}

/// The slot of a visit, if something needs one.
fn open_for_visit(visit: &Visit<'_>) -> usize {
    let at = (visit.origin.slot(), visit.origin.slot());
    let target = visit.given.dispatcher().expect("a visit is one to a dispatcher");
    current::with_coroutine(|node| open(node.expect("visits are a coroutine's"), target, at, visit.site))
}

/// Runs `f` in a visit to the dispatcher of `given`, whose permit the step has then. `None` if that must not be, or
/// is not free.
#[inline]
pub(super) fn visit<R>(
    given: &CoroutineContext,
    site: &'static Location<'static>,
    f: impl FnOnce(&Visit<'_>) -> R,
) -> Option<R> {
    let target = given.dispatcher()?;
    let leaves = |home: &Dispatcher| home != target && home.dispatch_impl().may_leave_in_place();
    let may = current::with_dispatcher(|home| home.is_some_and(leaves))
        && target.dispatch_impl().is_dispatch_needed()
        && current::with_coroutine(|node| node.is_some_and(NodeRef::is_movable));
    let enter = |visit: &Visit<'_>| target.dispatch_impl().enter_in_place().then(|| f(visit));
    if may { current::visit(given, site, open_for_visit, enter)? } else { None }
}

impl Trip {
    /// Opens a slot for `target`.
    pub(super) fn depart(
        node: NodeRef,
        target: &Dispatcher,
        immediate: bool,
        site: &'static Location<'static>,
    ) -> Trip {
        let (step, origin) = current::whereabouts();
        let (step, origin) = (step.slot(), origin.slot());
        let slot = open(&node, target, (step, origin), site);
        Trip::of(node, slot, origin, may_leave_in_place(), immediate)
    }

    /// What a visit becomes that has opened `slot`.
    pub(super) fn after_visit(slot: usize, origin: usize) -> Trip {
        let node = current::coroutine().expect("visits are a coroutine's");
        Trip::of(node, slot, origin, true, false)
    }

    fn of(node: NodeRef, slot: usize, origin: usize, in_place: bool, immediate: bool) -> Trip {
        let vain = (current::StepNumber::default(), 0);
        let (asked, returning, relay) = (false, false, None);
        Trip { node, slot, origin, in_place, immediate, asked, returning, vain, relay }
    }

    /// The waker for the body: the coroutine's for this slot, and a foreign one in between as well.
    pub(super) fn inner_waker(&mut self, cx: &Context<'_>) -> Waker {
        let is_counted = || self.node.face::<TaskHead>().is_some_and(|head| head.context.has_clock());
        let slot = || job::waker::waker(&self.node, self.slot, is_counted());
        if self.node.is_woken_by(cx.waker()) {
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
    pub(super) fn lets_through(&self, at: usize) -> bool {
        let inside = || self.node.face::<TaskHead>().is_some_and(|head| head.hops.is_inside(at, self.slot));
        at == self.slot || inside()
    }

    /// Polled where it does not run: asks for a step in `slot`, where it has something to do.
    pub(super) fn ask(&mut self, slot: usize, cx: &Context<'_>, site: &'static Location<'static>) {
        let step = current::step();
        self.vain = if self.vain.0 == step { (step, self.vain.1 + 1) } else { (step, 1) };
        assert!(
            self.vain.1 < IN_VAIN,
            "with_context at {site} is polled over and over within one step of {}: a foreign block_on inside a \
             coroutine waits for what only the coroutine's own next step can do. Await it instead.",
            self.node.info(),
        );
        self.node.on_woken(slot);
        if !self.node.is_woken_by(cx.waker()) {
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
    pub(super) fn enter_in_place(&self, at: usize, given: &CoroutineContext) -> bool {
        self.in_place
            && at == self.origin
            && given.dispatcher().is_some_and(|target| target.dispatch_impl().enter_in_place())
    }

    /// The body has ended in the step `at`, its own: whether the step goes on at home, under the permit there.
    /// What else belongs to this slot finds that the step is no longer one of it, and asks for another.
    pub(super) fn goes_home_in_place(&self, at: usize) -> bool {
        let enter = |home: &Dispatcher| home.dispatch_impl().enter_in_place();
        let home = self.in_place && self.origin == 0 && at == self.slot;
        let back = home && current::with_dispatcher(|home| home.is_some_and(enter));
        if back {
            current::go_on_in(self.origin);
        }
        back
    }

    /// Polled where it does not run. Asks for the right place if it has something to do there: at
    /// first, where a wake of its body may have come to, and where it was woken behind a foreign waker,
    /// whose wake was spent on this poll.
    pub(super) fn in_vain(&mut self, at: usize, site: &'static Location<'static>, cx: &Context<'_>) {
        let foreign = !self.node.is_woken_by(cx.waker());
        let woken = self.relay.as_ref().is_none_or(|relay| relay.woken.load(Ordering::Acquire));
        let first = !std::mem::replace(&mut self.asked, true);
        if first || (self.in_place && at == self.origin) || (foreign && woken) {
            self.ask(self.slot, cx, site);
        }
    }
}
