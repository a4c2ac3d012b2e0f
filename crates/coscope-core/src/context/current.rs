//! Who runs on this thread: the coroutine, the regions open around this point of it, the context.
//!
//! Set around every poll and every drop of user code, and read by everything that asks "where am I".
//! All of it lies in a [`Step`] on the stack, to which the thread points: set by a guard that puts back
//! what was there before, on unwinding too, so that nested event loops and steps nest.
//! No destructor runs for this thread-local, so it can be asked to the thread's very end.

use std::cell::{Cell, OnceCell};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use super::{CoroutineContext, Visit};
use crate::dispatch::{Dispatcher, runtime};
use crate::failure::report_kept;
use crate::job::{Node, NodeRef};
use crate::primitive::thread_local;
use crate::time::{Clock, Instant};

/// One open region around the point that runs: lives in the region's future, which is pinned.
///
/// Its node is made when something needs it: a child, a finalizer, a shield inside.
pub(crate) struct Frame {
    pub(crate) node: OnceCell<NodeRef>,
    make: fn(parent: NodeRef, frame: &Frame) -> NodeRef,
    /// What it is, for people, and where.
    pub(crate) name: &'static str,
    pub(crate) site: &'static Location<'static>,
    pub(crate) shield: bool,
    pub(crate) deadline: Cell<Option<Instant>>,
    below: Cell<*const Frame>,
}

// SAFETY: `below` is followed only while the frame is entered, on the thread that has entered it;
// the rest is `Send`.
unsafe impl Send for Frame {}

impl Frame {
    #[track_caller]
    pub(crate) fn new(name: &'static str, make: fn(NodeRef, &Frame) -> NodeRef) -> Self {
        let site = Location::caller();
        let (node, deadline, below) = (OnceCell::new(), Cell::new(None), Cell::new(ptr::null()));
        Frame { node, make, name, site, shield: false, deadline, below }
    }

    /// Runs `f` inside the region.
    pub(crate) fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let inside = Restore::set(|c| &c.frame, ptr::from_ref(self));
        self.below.set(inside.1);
        f()
    }

    /// The region's node, made now if it was not before. Called outside of [`enter`](Self::enter):
    /// the region's surroundings are then what surrounds the caller.
    pub(crate) fn node_from_outside(&self) -> NodeRef {
        self.node.get_or_init(|| (self.make)(innermost_or_root(), self)).clone()
    }

    fn node_from_inside(&self) -> NodeRef {
        let below = || match NonNull::new(self.below.get().cast_mut()) {
            // SAFETY: this frame is entered, and so is what it was entered in.
            Some(below) => unsafe { below.as_ref() }.node_from_inside(),
            None => coroutine_or_root(),
        };
        let make = || {
            let node = (self.make)(below(), self);
            let _open = node.state.begin_poll(); // it is being polled: this is inside
            node
        };
        self.node.get_or_init(make).clone()
    }
}

/// The context around a point.
#[derive(Clone, Copy)]
pub(crate) enum Ambient {
    Nothing,
    Context(*const CoroutineContext),
    Visit(*const Visit<'static>),
}

impl Ambient {
    /// The context, merged now if it is that of a visit. For use while it is around.
    pub(super) fn get<'a>(self) -> Option<&'a CoroutineContext> {
        match self {
            Ambient::Nothing => None,
            // SAFETY: the context belongs to the step or the `with_context` below on this stack.
            Ambient::Context(context) => Some(unsafe { &*context }),
            // SAFETY: the visit lies below on this stack.
            Ambient::Visit(visit) => Some(unsafe { &*visit }.context()),
        }
    }

    fn dispatcher<'a>(self) -> Option<&'a Dispatcher> {
        match self {
            // SAFETY: as in `get`. A visit is one to a dispatcher.
            Ambient::Visit(visit) => unsafe { &*visit }.given.dispatcher(),
            _ => self.get()?.dispatcher(),
        }
    }

    fn has_thread_elements(self) -> bool {
        match self {
            Ambient::Visit(_) => false, // see `visit`
            _ => self.get().is_some_and(CoroutineContext::has_thread_elements),
        }
    }
}

/// A slot of the coroutine, or the one of a visit that may not have one yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Slot(usize),
    Visit(*const Visit<'static>),
}

impl At {
    /// The slot, opened now if need be. For use while the visit is around.
    pub(crate) fn slot(self) -> usize {
        match self {
            At::Slot(slot) => slot,
            // SAFETY: the visit lies below on this stack.
            At::Visit(visit) => unsafe { &*visit }.slot(),
        }
    }
}

/// One step of a coroutine, on the stack of the thread that runs it: what everything inside finds.
/// `frame`, `context`, `slot` and `place` say *where* in the coroutine; who changes them puts them back.
struct Step {
    node: Option<NonNull<Node>>,
    frame: Cell<*const Frame>,
    context: Cell<Ambient>,
    /// In which slot of the coroutine the step runs: 0 at home, others on the dispatcher of a `with_context`.
    slot: Cell<At>,
    /// In which slot this point belongs: that of the innermost `with_context` around it. A step polls
    /// what lies beside its slot as well.
    place: Cell<At>,
    /// Who was asked in vain; see `may_ask_again`.
    in_vain: Cell<usize>,
    /// Something that was cut is being dropped.
    dropping: Cell<bool>,
    /// Set by `yield_now`: the step goes to the back of the queue.
    yielding: Cell<bool>,
    /// How much more of our own primitives this step may take without suspending.
    budget: Cell<u32>,
}

impl Step {
    #[inline]
    const fn of(node: Option<NonNull<Node>>, context: Ambient, slot: usize) -> Self {
        Step {
            node,
            frame: Cell::new(ptr::null()),
            context: Cell::new(context),
            slot: Cell::new(At::Slot(slot)),
            place: Cell::new(At::Slot(0)),
            in_vain: Cell::new(0),
            dropping: Cell::new(false),
            yielding: Cell::new(false),
            // where no coroutine of ours runs, the executor has a budget of its own, or none
            budget: Cell::new(if node.is_some() { BUDGET } else { u32::MAX }),
        }
    }
}

/// Completed operations of our own primitives in one step, before it is made to yield.
const BUDGET: u32 = 128;

struct Current {
    /// The step that runs, on the stack below; null where there is none of ours.
    step: Cell<*const Step>,
    /// Counted up with each step: who is asked again and again in one step is asked by a foreign loop.
    count: Cell<u64>,
    /// Where a foreign executor polls a region of ours: no coroutine, but frames.
    outside: Step,
}

thread_local! {
    static CURRENT: Current = const {
        Current {
            step: Cell::new(ptr::null()),
            count: Cell::new(0),
            outside: Step::of(None, Ambient::Nothing, 0),
        }
    };
}

#[inline]
fn with<R>(f: impl FnOnce(&Step) -> R) -> R {
    CURRENT.with(|current| match NonNull::new(current.step.get().cast_mut()) {
        // SAFETY: the step lies on the stack below, and is taken back before it goes (`enter_coroutine`).
        Some(step) => f(unsafe { step.as_ref() }),
        None => f(&current.outside),
    })
}

/// Puts back what a cell held before, on unwinding too.
struct Restore<T: Copy + 'static>(fn(&Step) -> &Cell<T>, T);

impl<T: Copy + 'static> Restore<T> {
    #[inline]
    fn set(cell: fn(&Step) -> &Cell<T>, value: T) -> Self {
        Restore(cell, with(|step| cell(step).replace(value)))
    }
}

impl<T: Copy + 'static> Drop for Restore<T> {
    #[inline]
    fn drop(&mut self) {
        with(|step| (self.0)(step).set(self.1));
    }
}

/// Runs one step of a coroutine: everything inside finds `node` and `context`. Says also whether the
/// step has yielded.
#[inline]
pub(crate) fn enter_coroutine<R>(
    node: &NodeRef,
    context: &CoroutineContext,
    slot: usize,
    f: impl FnOnce() -> R,
) -> (R, bool) {
    /// Takes the step back, on unwinding too.
    struct Leave(*const Step);
    impl Drop for Leave {
        #[inline]
        fn drop(&mut self) {
            CURRENT.with(|current| current.step.set(self.0));
        }
    }
    let step = Step::of(Some(node.as_raw()), Ambient::Context(context), slot);
    let _leave = CURRENT.with(|current| {
        current.count.set(current.count.get().wrapping_add(1));
        Leave(current.step.replace(&raw const step))
    });
    let result = f();
    (result, step.yielding.get())
}

/// Runs `f` with another context, as a part of the coroutine that belongs to `place`; with `slot`, as if in
/// a step of that.
pub(crate) fn enter_context<R>(
    context: &CoroutineContext,
    slot: Option<At>,
    place: At,
    f: impl FnOnce() -> R,
) -> R {
    let _context = Restore::set(|c| &c.context, Ambient::Context(context));
    let _slot = slot.map(|slot| Restore::set(|c| &c.slot, slot));
    let _place = Restore::set(|c| &c.place, place);
    f()
}

/// A visit with `given` from this point, which has a dispatcher, or `None` where it would need all of its own at once.
pub(crate) fn visit<'a>(
    given: &'a CoroutineContext,
    site: &'static Location<'static>,
    open: fn(&Visit<'_>) -> usize,
) -> Option<Visit<'a>> {
    let (around, slot, place) = with(|c| (c.context.get(), c.slot.get(), c.place.get()));
    let simple = slot == place && !given.has_thread_elements() && !around.has_thread_elements();
    simple.then(|| Visit::new(given, around, (slot, place), site, open))
}

/// Runs `f` inside of a visit.
pub(crate) fn enter_visit<R>(visit: &Visit<'_>, f: impl FnOnce() -> R) -> R {
    let visit = ptr::from_ref(visit).cast::<Visit<'static>>();
    let _context = Restore::set(|c| &c.context, Ambient::Visit(visit));
    let _slot = Restore::set(|c| &c.slot, At::Visit(visit));
    let _place = Restore::set(|c| &c.place, At::Visit(visit));
    f()
}

/// From here on the step is one of `slot`.
pub(crate) fn go_on_in(slot: usize) {
    with(|c| c.slot.set(At::Slot(slot)));
}

/// The running coroutine.
pub(crate) fn coroutine() -> Option<NodeRef> {
    // SAFETY: the coroutine is current, so its step is below on this stack and keeps it alive.
    with(|c| c.node).map(|node| unsafe { NodeRef::retain(node) })
}

/// Runs `f` with a look at the running coroutine.
pub(crate) fn with_coroutine<R>(f: impl FnOnce(Option<&NodeRef>) -> R) -> R {
    // SAFETY: as in `coroutine`; the reference gives no count back.
    let node = with(|c| c.node).map(|node| ManuallyDrop::new(unsafe { NodeRef::from_raw(node) }));
    f(node.as_deref())
}

fn coroutine_or_root() -> NodeRef {
    coroutine().unwrap_or_else(|| crate::root::root().clone())
}

/// The innermost region open around this point, else the coroutine.
pub(crate) fn innermost() -> Option<NodeRef> {
    match NonNull::new(with(|c| c.frame.get()).cast_mut()) {
        // SAFETY: the frame is entered, below on this stack.
        Some(frame) => Some(unsafe { frame.as_ref() }.node_from_inside()),
        None => coroutine(),
    }
}

/// The innermost region, the coroutine, or the root of the process.
pub(crate) fn innermost_or_root() -> NodeRef {
    innermost().unwrap_or_else(|| crate::root::root().clone())
}

/// The context at this point; the root's where there is no coroutine.
pub(crate) fn context() -> CoroutineContext {
    with_context(|context| context.cloned().unwrap_or_default())
}

/// Runs `f` with a look at the context at this point.
pub(crate) fn with_context<R>(f: impl FnOnce(Option<&CoroutineContext>) -> R) -> R {
    f(with(|c| c.context.get()).get())
}

/// A panic was kept for a region's caller, who has gone: the handler of this point hears of it.
pub(crate) fn report_kept_panic(payload: Box<dyn std::any::Any + Send>) {
    let coroutine = coroutine_or_root().info();
    report_kept(context().failure_handler(), payload, coroutine);
}

/// The clock at this point.
pub(crate) fn clock() -> Arc<dyn Clock> {
    with_clock(Arc::clone)
}

/// Runs `f` with the clock at this point.
pub(crate) fn with_clock<R>(f: impl FnOnce(&Arc<dyn Clock>) -> R) -> R {
    with_context(|context| match context {
        Some(context) => context.on_clock(f),
        None => f(runtime().clock()),
    })
}

/// Runs `f` with a look at the dispatcher at this point, if there is a coroutine.
pub(crate) fn with_dispatcher<R>(f: impl FnOnce(Option<&Dispatcher>) -> R) -> R {
    f(with(|c| c.context.get()).dispatcher())
}

/// The slot that the step is in, and the one that this point of the coroutine belongs to.
#[inline]
pub(crate) fn whereabouts() -> (At, At) {
    with(|c| (c.slot.get(), c.place.get()))
}

/// One step on one thread, unlike all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct StepNumber {
    thread: usize,
    count: u64,
}

/// The step that is under way.
pub(crate) fn step() -> StepNumber {
    CURRENT.with(|c| StepNumber { thread: ptr::from_ref(c).addr(), count: c.count.get() })
}

/// Whether `who`, polled where it cannot run, may have itself polled again in this step: one branch a
/// step, which learns in this way that a foreign loop polls it over and over. All others wait, or two
/// of them could keep a `FuturesUnordered` from ever coming to a third.
pub(crate) fn may_ask_again(who: usize) -> bool {
    with(|c| {
        let first = c.in_vain.get() == 0;
        if first {
            c.in_vain.set(who);
        }
        first || c.in_vain.get() == who
    })
}

/// Runs `f`, which drops what was cut.
pub(crate) fn dropping<R>(f: impl FnOnce() -> R) -> R {
    let _dropping = Restore::set(|c| &c.dropping, true);
    f()
}

/// Whether something that was cut is being dropped at this point.
pub(crate) fn is_dropping() -> bool {
    with(|c| c.dropping.get())
}

/// Marks the step as one that yields to all others.
pub(crate) fn set_yielding() {
    with(|c| c.yielding.set(true));
}

/// Takes one from the step's budget. `false` if it is spent: the primitive suspends once instead.
pub(crate) fn spend() -> bool {
    with(|c| {
        if c.node.is_none() {
            return true; // no coroutine of ours: its executor has a budget of its own, or none
        }
        let left = c.budget.get().checked_sub(1);
        c.budget.set(left.unwrap_or(0));
        left.is_some()
    })
}

/// Whether the step is in the slot that this point belongs to, and its budget was not spent yet, of which this takes
/// one.
#[inline]
pub(crate) fn arrive() -> bool {
    with(|c| {
        let left = c.budget.get();
        let clear = left > 0 && c.slot.get() == c.place.get();
        if clear {
            c.budget.set(left - 1);
        }
        clear
    })
}

/// Whether the step has nothing left of its budget.
pub(crate) fn is_spent() -> bool {
    with(|c| c.budget.get() == 0)
}

/// Calls `f` with each region open around this point, innermost first, until it says stop.
fn each_frame(mut f: impl FnMut(&Frame) -> bool) -> bool {
    let mut at = with(|c| c.frame.get());
    while let Some(frame) = NonNull::new(at.cast_mut()) {
        // SAFETY: the frame is entered, below on this stack, and so is each that it was entered in.
        let frame = unsafe { frame.as_ref() };
        if f(frame) {
            return true;
        }
        at = frame.below.get();
    }
    false
}

/// Whether this point is about to be dropped: something around it is being cut, with no shield in
/// between. Looks up the parents, since the walk of a cancel may not have come so far.
pub(crate) fn is_being_cut() -> bool {
    let mut shielded = false;
    let mut cut = false;
    each_frame(|frame| {
        shielded = frame.shield;
        cut = !shielded
            && frame.node.get().is_some_and(|node| node.state.is_failed() || node.state.is_cancelling());
        shielded || cut
    });
    if shielded || cut {
        return cut;
    }
    let mut at = coroutine();
    while let Some(node) = at {
        if node.state.is_cancelling() {
            return true;
        }
        if node.state.is_shield() {
            return false;
        }
        at = node.parent().cloned();
    }
    false
}

/// The least deadline of the regions around this point and up the parents, to the nearest shield.
pub(crate) fn deadline() -> Option<Instant> {
    let mut least = None;
    let mut take = |deadline: Option<Instant>| {
        least = match (least, deadline) {
            (Some(a), Some(b)) => Some(std::cmp::min(a, b)),
            (a, b) => a.or(b),
        };
    };
    let shielded = each_frame(|frame| {
        if !frame.shield {
            take(frame.deadline.get());
        }
        frame.shield
    });
    let mut at = if shielded { None } else { coroutine() };
    while let Some(node) = at {
        if node.state.is_shield() {
            break;
        }
        take(node.face::<DeadlineFace>().and_then(|face| face.0));
        at = node.parent().cloned();
    }
    least
}

/// The deadline that a region's node shows to those below it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeadlineFace(pub(crate) Option<Instant>);
