//! The cell: a coroutine's future or result, below its node, in one block.

use std::any::Any;
use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::{self, NonNull};

use super::deferred::Deferred;
use super::harness;
use super::hop::Hops;
use super::policy::Policy;
use super::state::{self, State, Wake};
use super::tell;
use crate::context::CoroutineContext;
use crate::dispatch::{Dispatcher, Runnable, RunnableVtable, keep_permit, resuming, runtime};
use crate::failure::Failure;
use crate::job::{self, Admission, Identity, Kind, KindRef, Name, Node, NodeRef, Volley, waker};
use crate::mark::TickNote;
use crate::primitive::UnsafeCell;
use crate::probe::is_listening;

/// What every coroutine has, whatever its future is.
pub(crate) struct TaskHead {
    pub(crate) state: State,
    pub(crate) context: CoroutineContext,
    /// Where it may go, if it is not bound to a thread.
    pub(crate) hops: Hops,
    /// When the coroutine was last suspended, or its body ended, in milliseconds on the machine's clock. (Beside the
    /// state, which is written just then.)
    pub(crate) since: TickNote,
}

/// The future, then the result, then nothing. Which one it is, [`State`] knows.
pub(super) union Stage<F, S> {
    pub(super) future: ManuallyDrop<F>,
    pub(super) result: ManuallyDrop<S>,
}

/// A coroutine's part of the cell.
pub(super) struct Task<F: Future, P: Policy<F::Output>> {
    pub(super) head: TaskHead,
    pub(super) stage: UnsafeCell<Stage<F, P::Stored>>,
    policy: PhantomData<fn() -> P>,
}

// SAFETY: the methods run the future only in `run` and `refuse` of a `Runnable`, which its
// dispatcher calls where the future may run (`launch`'s contract); otherwise they touch the head,
// which is `Sync`. A `Stage` is a union: dropping it does nothing.
unsafe impl<F, P> Kind for Task<F, P>
where
    F: Future,
    P: Policy<F::Output>,
{
    const COROUTINE: bool = true;
    const BLOCKED_ON: bool = P::BLOCKED_ON;
    const STEPS: RunnableVtable = RunnableVtable {
        run: |tagged, home| {
            let (node, slot) = waker::untag(tagged);
            // SAFETY: a runnable is out, so the coroutine has not ended and its node is alive
            // (`state`); the tag was made of a `KindRef` of this type.
            unsafe { harness::run::<F, P>(node, slot, home) }
        },
        refuse: |tagged| {
            let (node, slot) = waker::untag(tagged);
            // SAFETY: as in `run`.
            unsafe { refuse::<F, P>(node, slot) }
        },
    };

    fn cancelled(this: &KindRef<Self>) {
        this.as_node().tell_cancelled();
        Self::unshielded(this);
    }
    fn unshielded(this: &KindRef<Self>) {
        if this.payload.head.state.cancel() == Wake::Schedule {
            let slot = this.payload.head.hops.only_open().unwrap_or(0);
            dispatch::<F, P>(this, slot, false);
        }
    }
    fn cancelled_quietly(this: &KindRef<Self>, volley: &mut Volley) -> bool {
        let head = &this.payload.head;
        let home = head.context.dispatcher().expect("a coroutine has a dispatcher");
        // a step that a clock waits for goes by itself: what follows from it must have come when it has run
        if is_listening() // which is told with no lock held
            || !head.hops.is_home()
            || !volley.takes(home)
            || (head.context.has_clock() && head.context.hold(home).is_some())
        {
            return false;
        }
        if head.state.cancel() == Wake::Schedule {
            volley.push(home, runnable(this, 0), this.as_node());
        }
        true
    }
    fn child_failed(_this: &KindRef<Self>, failure: Failure) -> Option<Failure> {
        Some(failure)
    }
    fn completed(this: &KindRef<Self>) {
        if is_listening() {
            tell::completed(this.as_node(), &this.payload.head);
        }
    }
    fn started(this: &KindRef<Self>) {
        if this.payload.head.state.start() == Wake::Schedule {
            resuming(|| dispatch::<F, P>(this, 0, false));
        }
    }
    fn woken(this: &KindRef<Self>, slot: usize) {
        if this.payload.head.state.notify(slot) == Wake::Schedule {
            if is_listening() {
                return dispatch_told::<F, P>(this, slot);
            }
            dispatch::<F, P>(this, slot, false);
        }
    }
    fn is_movable(this: &KindRef<Self>) -> bool {
        !this.payload.head.hops.is_bound()
    }
    unsafe fn take_result(this: &KindRef<Self>, into: *mut ()) -> bool {
        let result = if this.payload.head.state.drop_interest() {
            // SAFETY: `INTEREST` and `STORED` were set and this call cleared them, so the result is
            // there and this caller's alone.
            let result = unsafe { this.payload.stage.with(|stage| ptr::read(&raw const (*stage).result)) };
            Some(ManuallyDrop::into_inner(result))
        } else if this.state.is_cut() {
            P::cancelled(this.as_node())
        } else {
            None
        };
        let Some(result) = result else { return false };
        // SAFETY: `into` is room for it (the caller's contract).
        unsafe { into.cast::<P::Stored>().write(result) };
        true
    }
    unsafe fn discard_result(this: &KindRef<Self>) {
        if this.payload.head.state.drop_interest() {
            // SAFETY: as in `take_result`; the caller is on a thread that may own the result.
            let result = unsafe { this.payload.stage.with(|stage| ptr::read(&raw const (*stage).result)) };
            P::discard(ManuallyDrop::into_inner(result), this.as_node(), &this.payload.head.context);
        }
    }
    fn face(payload: &Self) -> Option<&(dyn Any + 'static)> {
        Some(&payload.head)
    }
}

/// As [`dispatch`], of one that was woken, and all who listen hear of it.
#[cold]
#[inline(never)]
fn dispatch_told<F, P>(this: &KindRef<Task<F, P>>, slot: usize)
where
    F: Future,
    P: Policy<F::Output>,
{
    this.as_node().tell_woken();
    dispatch::<F, P>(this, slot, false);
}

/// Sends one step of a coroutine on its way. The caller holds a count on the node: the step may run,
/// and free what only it keeps, before this returns.
#[inline(always)] // little more than a call through the dispatcher's table
pub(super) fn dispatch<F, P>(this: &KindRef<Task<F, P>>, slot: usize, yielding: bool)
where
    F: Future,
    P: Policy<F::Output>,
{
    let head = &this.payload.head;
    let home = head.context.dispatcher().expect("a coroutine has a dispatcher");
    if slot == 0 && !head.context.has_clock() {
        queue(home, runnable(this, slot), yielding);
    } else {
        send_away(this.as_node(), head, home, runnable(this, slot), slot, yielding);
    }
}

#[inline]
fn queue(to: &Dispatcher, runnable: Runnable, yielding: bool) {
    if yielding { to.dispatch_yield(runnable) } else { to.dispatch(runnable) }
}

/// To where a `with_context` has gone, or with a clock of the context's own.
#[inline(never)]
fn send_away(
    node: &NodeRef,
    head: &TaskHead,
    home: &Dispatcher,
    runnable: Runnable,
    slot: usize,
    yielding: bool,
) {
    // what the clock had to keep for it is kept until the step has been queued
    let _stood = head.context.has_clock().then(|| harness::stand(node, None));
    let away = head.hops.dispatcher(slot);
    let to = away.as_ref().unwrap_or(home);
    queue(to, held(runnable, &head.context, to), yielding);
}

/// The first step, inside [`resuming`]: on a dispatcher that the launching thread is on already and
/// that says so (an immediate one) it runs when the outermost bracket ends, without a queue.
#[inline]
fn dispatch_first<F, P>(this: &KindRef<Task<F, P>>)
where
    F: Future,
    P: Policy<F::Output>,
{
    let dispatcher = this.payload.head.context.dispatcher().expect("a coroutine has a dispatcher");
    let runnable = held(runnable(this, 0), &this.payload.head.context, dispatcher);
    dispatcher.dispatch_impl().dispatch_first(runnable); // should it panic, the step is refused
}

/// The step, with what the context's clock wants kept meanwhile.
#[inline]
fn held(step: Runnable, context: &CoroutineContext, to: &Dispatcher) -> Runnable {
    if context.has_clock() { held_by_clock(step, context, to) } else { step }
}

#[cold]
fn held_by_clock(step: Runnable, context: &CoroutineContext, to: &Dispatcher) -> Runnable {
    match context.hold(to) {
        None => step,
        Some(hold) => Runnable::from_fn(move || {
            step.run();
            drop(hold);
        }),
    }
}

#[inline]
fn runnable<F, P>(this: &KindRef<Task<F, P>>, slot: usize) -> Runnable
where
    F: Future,
    P: Policy<F::Output>,
{
    let tagged = waker::tag(this.as_node().as_raw(), slot);
    // SAFETY: the caller has just set `BUSY`, so this is the one runnable; the node begins with its vtable, and lives until
    // it has run (`state`); a pinned coroutine's dispatcher runs steps on its thread only, others
    // are `Send` (`launch`'s contract).
    unsafe { Runnable::new(tagged) }
}

/// A dispatcher has dropped the step: it has closed. The coroutine is cancelled and ends on IO; one that no
/// cancel reaches (a clean-up) goes on there, as does what is inside a shield.
///
/// # Safety
/// The node is alive, of this type, and its runnable was the one that is out.
unsafe fn refuse<F, P>(node: NonNull<Node>, slot: usize)
where
    F: Future,
    P: Policy<F::Output>,
{
    // SAFETY: the caller's contract.
    let node = unsafe { NodeRef::retain(node) };
    // SAFETY: the caller's contract.
    let this = unsafe { KindRef::<Task<F, P>>::of(&node) };
    if this.payload.head.hops.is_bound() {
        // A pinned coroutine ends on its thread or not at all; its loop never closes before it.
        eprintln!("coscope: the thread of pinned coroutine {} has gone; its future is leaked", node.info());
        return;
    }
    if !node.state.is_shield() {
        node.cancel("its dispatcher has closed".into());
    }
    let step = runnable(this, slot); // takes over `BUSY`, which is still set
    runtime().io_dispatcher().dispatch(step);
}

/// What a coroutine is launched with.
pub(crate) struct Launch {
    /// Of its own: that of the context, where it names its coroutine, is among them ([`CoroutineContext::own_name`]).
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) context: CoroutineContext,
    pub(crate) site: &'static Location<'static>,
    pub(crate) start: state::Birth,
    /// A result is wanted.
    pub(crate) interest: bool,
    /// No cancel comes in from above.
    pub(crate) shield: bool,
    pub(crate) pinned: bool,
}

/// Launches a coroutine below `parent`. The future is written in place.
///
/// If the parent has completed, the coroutine is born cancelled: the future is dropped here and now.
///
/// # Safety
/// The future and its result may run, move and be dropped on any thread: they are `Send`, or
/// `launch.pinned` is set, which binds them to this thread. What they borrow outlives the coroutine: the caller does
/// not go on before the job has completed, or it is `'static`.
#[inline(always)] // how it is launched is known where it is
pub(crate) unsafe fn launch<F, P>(parent: &NodeRef, launch: Launch, future: F) -> NodeRef
where
    F: Future,
    P: Policy<F::Output>,
{
    let Launch { name, context, site, start, interest, shield, pinned } = launch;
    debug_assert!(context.dispatcher().is_some());
    let identity = Identity { name: name.map(Name::from), id: Identity::next_id(), site };
    let lazy = start == state::Birth::New;
    let birth = job::Birth { shield, region: false, lazy, holds_parent: P::OUTLIVES };
    // SAFETY: every field of the payload is written.
    let this = unsafe {
        KindRef::<Task<F, P>>::allocate_with(Some(parent), birth, identity, move |into| {
            let head = &raw mut (*into).head;
            (&raw mut (*head).state).write(State::new(start, interest));
            (&raw mut (*head).since).write(TickNote::new(0));
            (&raw mut (*head).context).write(context);
            (&raw mut (*head).hops).write(if pinned { Hops::bound() } else { Hops::new() });
            (&raw mut (*into).policy).write(PhantomData);
            UnsafeCell::init_at(&raw mut (*into).stage, |stage| stage.cast::<F>().write(future));
        })
    };
    if is_listening() {
        tell::launched(this.as_node(), parent, &this.payload.head);
    }
    if this.as_node().link() == Admission::Refused {
        harness::refuse_birth(&this);
        return this.into_node();
    }
    this.as_node().cut_if_parent_is(parent);
    match start {
        state::Birth::Running => {
            // SAFETY: `BUSY` is set from birth for this one step, so the stage is this thread's, which may run it.
            if let Some(left) = keep_permit(|| unsafe { harness::run_first(&this) }) {
                this.as_node().give_back(left);
            }
        }
        state::Birth::Scheduled | state::Birth::Atomic => resuming(|| dispatch_first(&this)),
        state::Birth::New => {}
    }
    this.into_node()
}

/// Launches a coroutine that owns all it needs.
#[inline(always)]
pub(crate) fn launch_owned<F, P>(parent: &NodeRef, launch: Launch, future: F) -> NodeRef
where
    F: Future + Send + 'static,
    P: Policy<F::Output>,
{
    debug_assert!(!launch.pinned && !launch.interest);
    // SAFETY: the future is `Send` and `'static`, and nobody asks for its result.
    unsafe { self::launch::<F, P>(parent, launch, future) }
}

/// Launches a coroutine that owns all it needs, for its result.
#[inline(always)]
pub(crate) fn spawn_owned<F, P>(parent: &NodeRef, launch: Launch, future: F) -> Deferred<P::Stored>
where
    F: Future + Send + 'static,
    P: Policy<F::Output>,
    P::Stored: Send + 'static,
{
    debug_assert!(!launch.pinned && launch.interest);
    // SAFETY: the future and its result are `Send` and `'static`; the policy is the one whose result
    // the `Deferred` takes, and this is the one `Deferred`.
    unsafe { Deferred::new(self::launch::<F, P>(parent, launch, future)) }
}
