//! Who runs on this thread: the coroutine, the regions open around this point of it, the context.
//!
//! Set around every poll and every drop of user code, and read by everything that asks "where am I".
//! All of it lies in a [`Step`] on the stack, to which the thread points: set by a guard that puts back
//! what was there before, on unwinding too, so that nested event loops and steps nest.
//! No destructor runs for this thread-local, so it can be asked to the thread's very end.

mod budget;
mod marks;

use std::cell::{Cell, OnceCell};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::task::Waker;
use std::time::Duration;

use super::{CoroutineContext, Visit};
use crate::dispatch::{Dispatcher, runtime};
use crate::failure::report_kept;
use crate::job::{Node, NodeRef, waker};
use crate::mark::Mark;
use crate::primitive::thread_local;
use crate::time::{Clock, Instant};
pub(crate) use budget::{arrive, arrive_heard, begin_to_be_heard, is_spent, spend};
pub(crate) use marks::{apart, branch, leave, waits, waits_at_least, waits_for_one_of_many, wraps_a_wait};

/// One open region around the point that runs: lives in the region's future, which is pinned.
///
/// Its node is made when something needs it: a child, a finalizer, a shield inside.
pub(crate) struct Frame {
    pub(crate) node: OnceCell<NodeRef>,
    make: fn(parent: &NodeRef, holds_parent: bool, frame: &Frame) -> NodeRef,
    /// What it is, for people, and where.
    pub(crate) name: &'static str,
    pub(crate) site: &'static Location<'static>,
    pub(crate) shield: bool,
    /// As a [`branch`]: what is inside has kept a waker.
    lends: Cell<bool>,
    pub(crate) limit: Cell<Option<Limit>>,
    below: Cell<*const Frame>,
}

/// How long a region may take.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// From its first suspension on.
    For(Duration),
    Until(Instant),
}

impl Limit {
    fn deadline(self) -> Instant {
        match self {
            Limit::For(duration) => with_clock(|clock| clock.now()) + duration,
            Limit::Until(deadline) => deadline,
        }
    }
}

// SAFETY: `below` is followed only while the frame is entered, on the thread that has entered it;
// the rest is `Send`.
unsafe impl Send for Frame {}

impl Frame {
    #[track_caller]
    pub(crate) fn new(name: &'static str, make: fn(&NodeRef, bool, &Frame) -> NodeRef) -> Self {
        let site = Location::caller();
        let (node, limit, below) = (OnceCell::new(), Cell::new(None), Cell::new(ptr::null()));
        Frame { node, make, name, site, shield: false, lends: Cell::new(false), limit, below }
    }

    /// The deadline that is in force inside.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.limit.get().map(Limit::deadline)
    }

    /// Runs `f` inside the region.
    #[inline]
    pub(crate) fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let inside = Restore::set(|c| &c.frame, ptr::from_ref(self));
        self.below.set(inside.1);
        f()
    }

    /// Runs `f`, the first poll of a region that has its node from the outset, inside. `f` is given a
    /// count of the node, and says whether nothing is left to do: if nobody has got to know the node
    /// by then, it goes at once, without having counted its parent, which has run all the time.
    pub(crate) fn begin(&mut self, f: impl FnOnce(NodeRef) -> bool) {
        /// Has the node hold its parent, on unwinding too.
        struct Hold<'a>(&'a NodeRef);
        impl Drop for Hold<'_> {
            fn drop(&mut self) {
                // SAFETY: the parent was the innermost region or coroutine when `begin` was called, and
                // so is below on this stack, or is the root.
                unsafe { self.0.hold_parent() };
            }
        }
        let node = with_innermost_or_root(|parent| (self.make)(parent, false, self));
        let handle = node.clone_new();
        self.node = OnceCell::from(node);
        let hold = self.node.get().map(Hold);
        let over = self.enter(|| f(handle));
        if over && hold.as_ref().is_some_and(|Hold(node)| node.is_untouched()) {
            std::mem::forget(hold);
            if let Some(node) = self.node.take() {
                // SAFETY: it is not known, and `hold` has not had it hold its parent.
                unsafe { node.free_alone() };
            }
        }
    }

    fn node_from_inside(&self) -> &NodeRef {
        let make = |parent: &NodeRef| (self.make)(parent, true, self);
        self.node.get_or_init(|| with_region_or_root(self.below.get(), make))
    }
}

/// Runs `f` with the node of `frame`, which is entered, or of the coroutine if it is null.
#[inline]
fn with_region_or_root<R>(frame: *const Frame, f: impl FnOnce(&NodeRef) -> R) -> R {
    match NonNull::new(frame.cast_mut()) {
        // SAFETY: the frame is entered, below on this stack.
        Some(frame) => f(unsafe { frame.as_ref() }.node_from_inside()),
        None => with_coroutine(|coroutine| f(coroutine.unwrap_or_else(|| crate::root::root()))),
    }
}

/// The context around a point: where it lies, or, with the lowest bit set, the visit that makes it when it is asked
/// for. Null where there is none.
#[derive(Clone, Copy)]
pub(crate) struct Ambient(*const ());

const VISIT: usize = 1;

impl Ambient {
    const NOTHING: Ambient = Ambient(ptr::null());

    fn context(context: &CoroutineContext) -> Self {
        Ambient(ptr::from_ref(context).cast())
    }

    fn of_visit(visit: *const Visit<'static>) -> Self {
        Ambient(visit.cast::<()>().map_addr(|addr| addr | VISIT))
    }

    fn visit<'a>(self) -> Option<&'a Visit<'a>> {
        let visit = self.0.map_addr(|addr| addr & !VISIT).cast();
        // SAFETY: the bit says that it is a visit, and it lies below on this stack.
        (self.0.addr() & VISIT != 0).then(|| unsafe { &*visit })
    }

    /// The context, merged now if it is that of a visit. For use while it is around.
    #[inline]
    pub(super) fn get<'a>(self) -> Option<&'a CoroutineContext> {
        match self.visit() {
            Some(visit) => Some(visit.context()),
            // SAFETY: the context belongs to the step or the `with_context` below on this stack.
            None => unsafe { self.0.cast::<CoroutineContext>().as_ref() },
        }
    }

    #[inline]
    fn dispatcher<'a>(self) -> Option<&'a Dispatcher> {
        match self.visit() {
            Some(visit) => visit.given.dispatcher(), // a visit is one to a dispatcher
            None => self.get()?.dispatcher(),
        }
    }

    #[inline]
    fn has_thread_elements(self) -> bool {
        // no visit has any, see `visit`
        self.visit().is_none() && self.get().is_some_and(CoroutineContext::has_thread_elements)
    }
}

/// A slot of the coroutine, or the one of a visit that may not have one yet: the number, or where the visit lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct At(*const Visit<'static>);

/// No visit lies below this address; no slot has such a number.
const LEAST_ADDRESS: usize = 64;

impl At {
    pub(crate) const fn number(slot: usize) -> Self {
        At(ptr::without_provenance(slot))
    }

    /// The slot, opened now if need be. For use while the visit is around.
    #[inline]
    pub(crate) fn slot(self) -> usize {
        if self.0.addr() < LEAST_ADDRESS {
            return self.0.addr();
        }
        // SAFETY: no slot's number, so a visit, which lies below on this stack.
        unsafe { &*self.0 }.slot()
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
    /// What the step asks of those that run it.
    asked: Cell<Asked>,
    /// How much more of our own primitives this step may take without suspending. Below zero in a step that those who
    /// listen hear: whoever finds that out, on the way that is not the short one, tells them.
    budget: Cell<i32>,
}

impl Step {
    #[inline]
    const fn of(node: Option<NonNull<Node>>, context: Ambient, slot: usize) -> Self {
        Step {
            node,
            frame: Cell::new(ptr::null()),
            context: Cell::new(context),
            slot: Cell::new(At::number(slot)),
            place: Cell::new(At::number(0)),
            in_vain: Cell::new(0),
            dropping: Cell::new(false),
            asked: Cell::new(Asked { yielding: false, foreign: false, woken: 0 }),
            // where no coroutine of ours runs, the executor has a budget of its own, or none
            budget: Cell::new(if node.is_some() { budget::WHOLE } else { i32::MAX }),
        }
    }
}

impl Step {
    /// From here on it is at `at`, in `context`.
    #[inline]
    fn go(&self, context: Ambient, at: At) {
        self.context.set(context);
        self.slot.set(at);
        self.place.set(at);
    }

    /// Where the coroutine is pending in this step, as far as that is a wait of ours: the last of them. Outside of any
    /// nobody looks.
    fn mark(&self) -> Mark {
        self.notes().map_or(Mark::NOTHING, |node| Mark::from_bits(node.mark.get()))
    }

    /// The coroutine's node, of a step that is under way.
    #[inline]
    fn notes(&self) -> Option<&Node> {
        // SAFETY: the coroutine that is in a step is alive.
        self.node.as_ref().map(|node| unsafe { node.as_ref() })
    }

    #[inline]
    fn set_mark(&self, mark: Mark) {
        if let Some(node) = self.notes() {
            node.mark.set(mark.to_bits());
        }
    }
}

/// What a step asks of those that run it.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// Set by `yield_now`: the next step goes to the back of the queue.
    pub(crate) yielding: bool,
    /// Something foreign is among what several waits at once are pending in.
    foreign: bool,
    /// The slots, a bit for each, that it has woken itself: nobody else need know before it ends.
    pub(crate) woken: u16,
}

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
            outside: Step::of(None, Ambient::NOTHING, 0),
        }
    };
}

#[inline]
fn with<R>(f: impl FnOnce(&Step) -> R) -> R {
    // only the address is fetched inside: whatever `f` is, that is in line
    let current = CURRENT.with(|current| NonNull::from(current));
    // SAFETY: no destructor runs for the thread-local, and it does not leave its thread by this.
    let current = unsafe { current.as_ref() };
    match NonNull::new(current.step.get().cast_mut()) {
        // SAFETY: the step lies on the stack below, and is taken back before it goes (`enter_coroutine`).
        Some(step) => f(unsafe { step.as_ref() }),
        None => f(&current.outside),
    }
}

/// Puts back what a cell held before, on unwinding too.
struct Restore<T: Copy + 'static>(NonNull<Cell<T>>, T);

impl<T: Copy + 'static> Restore<T> {
    #[inline]
    fn set(cell: fn(&Step) -> &Cell<T>, value: T) -> Self {
        with(|step| Restore(NonNull::from(cell(step)), cell(step).replace(value)))
    }
}

impl<T: Copy + 'static> Drop for Restore<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: a cell of the step that ran when it was set, which runs until this has gone: a guard
        // stays in one frame of the stack. `outside` is there as long as the thread.
        unsafe { self.0.as_ref() }.set(self.1);
    }
}

/// Runs one step of a coroutine: everything inside finds `node` and `context`. Says also what the
/// step has asked for; where it is pending, its mark says.
#[inline]
pub(crate) fn enter_coroutine<R>(
    node: &NodeRef,
    context: &CoroutineContext,
    slot: usize,
    f: impl FnOnce() -> R,
) -> (R, Asked) {
    /// Takes the step back, on unwinding too.
    struct Leave(*const Step);
    impl Drop for Leave {
        #[inline]
        fn drop(&mut self) {
            CURRENT.with(|current| current.step.set(self.0));
        }
    }
    node.mark.set(Mark::NOTHING.to_bits());
    let step = Step::of(Some(node.as_raw()), Ambient::context(context), slot);
    let _leave = CURRENT.with(|current| {
        current.count.set(current.count.get().wrapping_add(1));
        Leave(current.step.replace(&raw const step))
    });
    let result = f();
    (result, step.asked.get())
}

/// Runs `f` with another context, as a part of the coroutine that belongs to `place`; with `slot`, as if in
/// a step of that.
pub(crate) fn enter_context<R>(
    context: &CoroutineContext,
    slot: Option<At>,
    place: At,
    f: impl FnOnce() -> R,
) -> R {
    let _context = Restore::set(|c| &c.context, Ambient::context(context));
    let _slot = slot.map(|slot| Restore::set(|c| &c.slot, slot));
    let _place = Restore::set(|c| &c.place, place);
    f()
}

/// Runs `f` with a visit with `given` from this point, which has a dispatcher; `None` where that would need all of its
/// own at once. It lies here: moving it costs more than making it.
#[inline]
pub(crate) fn visit<R>(
    given: &CoroutineContext,
    site: &'static Location<'static>,
    open: fn(&Visit<'_>) -> usize,
    f: impl FnOnce(&Visit<'_>) -> R,
) -> Option<R> {
    let (around, slot, place) = with(|c| (c.context.get(), c.slot.get(), c.place.get()));
    let simple = slot == place && !given.has_thread_elements() && !around.has_thread_elements();
    simple.then(|| f(&Visit::new(given, around, place, site, open)))
}

/// Runs `f` inside of a visit.
#[inline]
pub(crate) fn enter_visit<R>(visit: &Visit<'_>, f: impl FnOnce() -> R) -> R {
    /// Goes back to where the visit lies, on unwinding too.
    struct Leave<'v, 'a>(&'v Visit<'a>, NonNull<Step>);
    impl Drop for Leave<'_, '_> {
        #[inline]
        fn drop(&mut self) {
            // SAFETY: as in `Restore`: the step runs until this has gone.
            unsafe { self.1.as_ref() }.go(self.0.around, self.0.origin);
        }
    }
    let inside = ptr::from_ref(visit).cast::<Visit<'static>>();
    let step = with(|step| NonNull::from(step));
    let _leave = Leave(visit, step);
    // SAFETY: as above.
    unsafe { step.as_ref() }.go(Ambient::of_visit(inside), At(inside));
    f()
}

/// From here on the step is one of `slot`.
pub(crate) fn go_on_in(slot: usize) {
    with(|c| c.slot.set(At::number(slot)));
}

/// The running coroutine.
pub(crate) fn coroutine() -> Option<NodeRef> {
    // SAFETY: the coroutine is current, so its step is below on this stack and keeps it alive.
    with(|c| c.node).map(|node| unsafe { NodeRef::retain(node) })
}

/// Runs `f` with a look at the running coroutine.
#[inline]
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
        Some(frame) => Some(unsafe { frame.as_ref() }.node_from_inside().clone()),
        None => coroutine(),
    }
}

/// Whether `node` is the innermost region around this point, or the coroutine (or the root) if there is none.
#[inline]
pub(crate) fn is_innermost(node: &NodeRef) -> bool {
    with(|c| match NonNull::new(c.frame.get().cast_mut()) {
        // SAFETY: the frame is entered, below on this stack.
        Some(frame) => unsafe { frame.as_ref() }.node.get().is_some_and(|innermost| innermost.same(node)),
        None => c.node.map_or_else(|| crate::root::root().same(node), |coroutine| coroutine == node.as_raw()),
    })
}

/// Gives a count back: for less if it is one of the innermost region, which has another, and nobody has a third.
#[inline]
pub(crate) fn give_back(node: NodeRef) {
    with(|c| {
        // SAFETY: the frame is entered, below on this stack.
        let innermost = unsafe { c.frame.get().as_ref() }.and_then(|frame| frame.node.get());
        match innermost.filter(|innermost| innermost.same(&node)) {
            Some(innermost) => innermost.give_back(node),
            None => drop(node),
        }
    })
}

/// Runs `f` with a look at the innermost region, the coroutine, or the root of the process.
#[inline]
fn with_innermost_or_root<R>(f: impl FnOnce(&NodeRef) -> R) -> R {
    with_region_or_root(with(|c| c.frame.get()), f)
}

/// The innermost region, the coroutine, or the root of the process.
pub(crate) fn innermost_or_root() -> NodeRef {
    with_innermost_or_root(NodeRef::clone)
}

/// The context at this point; the root's where there is no coroutine.
#[inline]
pub(crate) fn context() -> CoroutineContext {
    with_context(|context| context.cloned().unwrap_or_default())
}

/// Runs `f` with a look at the context at this point.
#[inline]
pub(crate) fn with_context<R>(f: impl FnOnce(Option<&CoroutineContext>) -> R) -> R {
    f(with(|c| c.context.get()).get())
}

/// A panic was kept for a region's caller, who has gone: the handler of this point hears of it.
pub(crate) fn report_kept_panic(payload: Box<dyn std::any::Any + Send>) {
    let coroutine = coroutine_or_root().info();
    report_kept(context().failure_handler(), payload, coroutine);
}

/// Runs `f` with the clock at this point.
#[inline]
pub(crate) fn with_clock<R>(f: impl FnOnce(&dyn Clock) -> R) -> R {
    let (mut f, mut result) = (Some(f), None);
    let mut run = |clock: &dyn Clock| {
        if let Some(f) = f.take() {
            result = Some(f(clock));
        }
    };
    with_context(|context| {
        if let Some(context) = context {
            context.show_clock(&mut run);
        }
    });
    match (result, f) {
        (None, Some(f)) => f(&**runtime().clock()),
        (result, _) => result.expect("a clock is shown once"),
    }
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

/// Marks the step as one that yields to all others. `true` if `waker` is the coroutine's own, whose slot then counts
/// as woken.
#[inline]
pub(crate) fn yields_by(waker: &Waker, mark: Option<Mark>) -> bool {
    with(|c| {
        let slot = c.node.and_then(|node| waker::slot_of(waker, node));
        let woken = slot.map_or(0, |slot| 1 << slot);
        let asked = c.asked.get();
        c.asked.set(Asked { yielding: true, woken: asked.woken | woken, ..asked });
        if let Some(mark) = mark {
            c.set_mark(mark);
        }
        slot.is_some()
    })
}

/// Whether the step has been marked so.
pub(crate) fn is_yielding() -> bool {
    with(|c| c.asked.get().yielding)
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
            take(frame.deadline());
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
