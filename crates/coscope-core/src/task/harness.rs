//! One step of a coroutine: poll it or cut it, and when it has ended hand on what it ended with.
//!
//! Everything here is in the one step that `BUSY` stands for, which makes the stage this thread's own.

use std::any::Any;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};
use std::thread;

use super::borrowed::Unwound;
use super::cell::{Task, TaskHead, dispatch};
use super::policy::{Outcome, Policy, hand_up};
use super::state::{Pend, Run};
use crate::context::current;
use crate::failure::Failure;
use crate::job::{Ended, KindRef, Node, NodeRef, waker};
use crate::mark::{Mark, tick};
use crate::primitive::Ordering;
use crate::probe::{StepEnd, is_listening};
use crate::time::Hold;
use crate::unwind;

/// Runs a dispatched step, on a thread of the dispatcher at `home`. `true` if it has yielded and goes on there:
/// then the caller has its runnable again.
///
/// # Safety
/// `node` is alive and of this type, its one runnable is consumed by this call, and this
/// thread may run the future.
#[inline]
pub(super) unsafe fn run<F, P>(node: NonNull<Node>, slot: usize, home: usize) -> bool
where
    F: Future,
    P: Policy<F::Output>,
{
    // SAFETY: alive until the coroutine has ended; after a poll that leaves it idle the borrowed
    // reference is not touched any more.
    let borrowed = ManuallyDrop::new(unsafe { NodeRef::from_raw(node) });
    // SAFETY: the caller's contract.
    let this = unsafe { KindRef::<Task<F, P>>::of(&borrowed) };
    if this.payload.head.hops.is_bound_elsewhere() {
        // Its loop has handed the step to another thread. There is no way to run or drop it here.
        eprintln!("coscope: pinned coroutine {} was run on another thread; aborting", borrowed.info());
        std::process::abort();
    }
    match this.payload.head.state.run(slot, || is_shielded(this)) {
        // SAFETY: the one runnable has been consumed, so the step is this thread's.
        Run::Poll => match unsafe { step(this, slot, home) } {
            Stepped::Again => true,
            Stepped::Ended(Some(left)) => {
                left.give_back_ended();
                false
            }
            Stepped::Ended(None) | Stepped::Suspended => false,
        },
        // SAFETY: as above.
        Run::Cut => unsafe {
            cut(this, slot);
            false
        },
    }
}

/// Runs the first step of an undispatched coroutine on the launching thread. Hands over the count of its parent's list,
/// if it has completed and left it.
///
/// # Safety
/// `BUSY` is set from birth for this step, and this thread may run the future.
#[inline(never)]
pub(super) unsafe fn run_first<F, P>(this: &KindRef<Task<F, P>>) -> Option<NodeRef>
where
    F: Future,
    P: Policy<F::Output>,
{
    // SAFETY: the caller's contract. Nobody is at home at 0, so that it is not handed back.
    match unsafe { step(this, 0, 0) } {
        Stepped::Ended(left) => left,
        Stepped::Suspended | Stepped::Again => None,
    }
}

/// How a step went.
enum Stepped {
    Suspended,
    /// It has yielded, and is the caller's again.
    Again,
    /// With the count of its parent's list, if the coroutine has completed and left it.
    Ended(Option<NodeRef>),
}

/// Shields open inside a poll only, so whoever runs the step may believe that there is none. That there is
/// one is read by a read-modify-write: a cancel sets its bit and then looks here, a shield that ends outside
/// of a poll gives its count back and then looks at the bit; one of the two comes last.
fn is_shielded<K>(this: &KindRef<K>) -> bool {
    this.shields.load(Ordering::Relaxed) != 0 && this.shields.fetch_add(0, Ordering::AcqRel) != 0
}

/// Polls the future, and does what follows.
///
/// # Safety
/// The step is this thread's, the stage holds the future.
#[inline(always)] // the whole of a step is one function
unsafe fn step<F, P>(this: &KindRef<Task<F, P>>, dispatched: usize, home: usize) -> Stepped
where
    F: Future,
    P: Policy<F::Output>,
{
    let head = &this.payload.head;
    let slot = head.hops.arrive(dispatched);
    let ((stepped, ended), asked) = current::enter_coroutine(this.as_node(), &head.context, slot, || {
        if head.context.concerns_steps() || is_listening() {
            let is_counted = head.context.has_clock();
            // SAFETY: the caller's contract.
            among_others(this.as_node(), head, None, &mut || unsafe { poll(this, is_counted) })
        } else {
            // SAFETY: as above.
            (Ok(()), unsafe { poll(this, false) })
        }
    });
    if let Err(payload) = stepped {
        // SAFETY: the step is still this thread's; the future is there if the body has not ended.
        unsafe { element_panicked(this, slot, ended, payload) };
        return Stepped::Suspended;
    }
    match ended {
        // SAFETY: the step is still this thread's, the future is gone.
        Some(ended) => return Stepped::Ended(unsafe { end(this, slot, ended) }),
        None => {
            let note = || head.since.set(tick::last_told());
            match head.state.pend(slot, asked.woken, || is_shielded(this), note) {
                Pend::Idle => {} // the cell may be gone
                Pend::Again(0) if asked.yielding && dispatched == 0 && is_home(head, home) => {
                    return Stepped::Again;
                }
                Pend::Again(slot) => dispatch(&this.clone(), usize::from(slot), asked.yielding),
                // SAFETY: `pend` has left `BUSY` set, for this step.
                Pend::Cut => unsafe { cut(this, slot) },
            }
        }
    }
    Stepped::Suspended
}

/// The coroutine, which has a clock of its own, is about to be suspended. A virtual clock stands still as long as foreign
/// code may wake the coroutine: it does so in real time. (A future that does not keep a waker, like `pending`, nobody
/// will wake.)
#[cold]
fn note_on_its_clock(node: &NodeRef, head: &TaskHead) {
    let is_foreign = node.lent.get() != 0 && Mark::from_bits(node.mark.get()).is_foreign();
    let (mut now, mut hold) = (0, None);
    head.context.show_clock(&mut |clock| {
        now = clock.now().tick();
        hold = if is_foreign { clock.hold() } else { None };
    });
    drop(stand(node, hold)); // not under the lock
    node.since.set(now);
}

/// Keeps `hold` until the coroutine goes on; gives what was kept before.
pub(super) fn stand(node: &NodeRef, hold: Option<Hold>) -> Option<Hold> {
    let mut guarded = node.guarded.lock();
    if guarded.rare.is_none() && hold.is_none() {
        return None;
    }
    std::mem::replace(&mut guarded.rare().hold, hold)
}

/// Whether the coroutine is at home on the dispatcher at the address `home`.
#[inline]
fn is_home(head: &TaskHead, home: usize) -> bool {
    head.context.dispatcher().is_some_and(|dispatcher| dispatcher.address() == home)
}

/// Polls the future once, and ends the body if that was all. Runs inside the coroutine.
///
/// # Safety
/// The step is this thread's, the stage holds the future.
#[inline(always)]
unsafe fn poll<F, P>(this: &KindRef<Task<F, P>>, is_counted: bool) -> Option<BodyEnded>
where
    F: Future,
    P: Policy<F::Output>,
{
    let polled = unwind::catch(|| {
        this.payload.stage.with_mut(|stage| {
            // SAFETY: the step makes the stage ours, and it holds the future, which is
            // never moved from the block it was written into.
            let future = unsafe { Pin::new_unchecked(&mut *(&raw mut (*stage).future).cast::<F>()) };
            waker::with_waker(this.as_node(), 0, is_counted, |waker| {
                future.poll(&mut Context::from_waker(waker))
            })
        })
    });
    match polled {
        Ok(Poll::Pending) => None,
        // SAFETY: the step is still this thread's.
        Ok(Poll::Ready(value)) => Some(unsafe { finish(this, Some(Outcome::Value(value))) }),
        // SAFETY: as above.
        Err(payload) => Some(unsafe { finish_otherwise(this, panicked(this.as_node(), payload)) }),
    }
}

/// Runs `f`, a part of a step, with the thread elements set, before all who listen, on a clock of its own; says also what one of the
/// elements panics with. `how` the step will end, if that is known.
#[cold]
fn among_others(
    node: &NodeRef,
    head: &TaskHead,
    how: Option<StepEnd>,
    f: &mut dyn FnMut() -> Option<BodyEnded>,
) -> (thread::Result<()>, Option<BodyEnded>) {
    let mut ended = None;
    if is_listening() {
        current::begin_to_be_heard();
    }
    node.tell_step_started();
    let stepped = unwind::catch(|| head.context.around_step(&mut || ended = f()));
    if ended.is_none() && stepped.is_ok() && head.context.has_clock() && !current::is_yielding() {
        note_on_its_clock(node, head);
    }
    node.tell_step_ended(match how {
        Some(how) => how,
        None if ended.is_some() || stepped.is_err() => StepEnd::Completed,
        None if current::is_yielding() => StepEnd::Yielded,
        None => StepEnd::Suspended,
    });
    (stepped, ended)
}

/// What a thread element panics with fails its coroutine, like a panic of the body.
///
/// # Safety
/// The step is this thread's; the stage holds the future if the body has not `ended`.
#[cold]
unsafe fn element_panicked<F, P>(
    this: &KindRef<Task<F, P>>,
    slot: usize,
    ended: Option<BodyEnded>,
    payload: Box<dyn Any + Send>,
) where
    F: Future,
    P: Policy<F::Output>,
{
    let (node, context) = (this.as_node(), &this.payload.head.context);
    let (ended, _) = current::enter_coroutine(node, context, slot, || match ended {
        None => {
            let outcome = panicked(node, payload);
            // SAFETY: the caller's contract.
            unsafe { finish_otherwise(this, outcome) }
        }
        Some(ended) => {
            hand_up(Failure::panic(payload, node.info()), node, context);
            ended
        }
    });
    // SAFETY: the future is gone now.
    drop(unsafe { end(this, slot, ended) });
}

/// What a panic of the body comes to. A blocking call inside that was cancelled unwinds as well: so
/// is what blocked on it.
#[cold]
fn panicked<O>(node: &NodeRef, payload: Box<dyn Any + Send>) -> Option<Outcome<O>> {
    match payload.downcast::<Unwound>() {
        Ok(unwound) => {
            node.cancel(unwound.reason.clone());
            None
        }
        Err(payload) => Some(Outcome::Panic(payload)),
    }
}

/// Drops the future where it is suspended.
///
/// # Safety
/// The step is this thread's, the stage holds the future.
unsafe fn cut<F, P>(this: &KindRef<Task<F, P>>, slot: usize)
where
    F: Future,
    P: Policy<F::Output>,
{
    let _stood = this.payload.head.context.has_clock().then(|| stand(this.as_node(), None));
    let head = &this.payload.head;
    let ((stepped, ended), _) = current::enter_coroutine(this.as_node(), &head.context, slot, || {
        // SAFETY: the caller's contract.
        let drop_it = &mut || Some(unsafe { finish_otherwise(this, None) });
        among_others(this.as_node(), head, Some(StepEnd::Cut), drop_it)
    });
    match (stepped, ended) {
        // SAFETY: the future is gone, the step is still this thread's.
        (Ok(()), Some(ended)) => drop(unsafe { end(this, slot, ended) }),
        // SAFETY: as the caller's contract, if the body has not ended.
        (Err(payload), ended) => unsafe { element_panicked(this, slot, ended, payload) },
        (Ok(()), None) => unreachable!("a step runs once"),
    }
}

/// How the body has ended.
#[derive(Clone, Copy)]
struct BodyEnded {
    /// The stage holds the result.
    stored: bool,
    panicked: bool,
    /// By itself, and not with what it was to end with.
    failed: bool,
    how: Ended,
}

/// The body has ended (or, with no outcome, is to be cut): drops the future, settles and stores the
/// result. Runs inside the coroutine.
///
/// # Safety
/// The step is this thread's, the stage holds the future.
#[inline(always)]
unsafe fn finish<F, P>(this: &KindRef<Task<F, P>>, outcome: Option<Outcome<F::Output>>) -> BodyEnded
where
    F: Future,
    P: Policy<F::Output>,
{
    let panicked = matches!(outcome, Some(Outcome::Panic(_)));
    this.payload.stage.with_mut(|stage| {
        // SAFETY: the stage is ours and holds the future, which is dropped in place, once.
        let drop_future = || unsafe { ptr::drop_in_place((&raw mut (*stage).future).cast::<F>()) };
        if std::mem::needs_drop::<F>() {
            let place = "the Drop of a coroutine's future";
            match &outcome {
                None => current::dropping(|| unwind::contain(place, drop_future)),
                Some(_) => unwind::contain(place, drop_future),
            }
        }
    });
    this.as_node().close_regions();
    let how = this.state.body_ends();
    if how == Ended::Cut {
        this.as_node().keep_reason();
    }
    let result = settle::<F, P>(this, outcome, how);
    let (stored, failed) = (result.is_some(), result.as_ref().is_none_or(P::is_failure));
    if let Some(result) = result {
        this.payload.stage.with_mut(|stage| {
            // SAFETY: the stage is ours and empty.
            unsafe { (&raw mut (*stage).result).cast::<P::Stored>().write(result) }
        });
    }
    BodyEnded { stored, panicked, failed, how }
}

/// As [`finish`], of a body that has no value.
///
/// # Safety
/// As there.
#[cold]
#[inline(never)]
unsafe fn finish_otherwise<F, P>(this: &KindRef<Task<F, P>>, outcome: Option<Outcome<F::Output>>) -> BodyEnded
where
    F: Future,
    P: Policy<F::Output>,
{
    // SAFETY: the caller's contract.
    unsafe { finish(this, outcome) }
}

/// Hands the result on and gives the body's token back. Hands over the count of its parent's list, if the coroutine has
/// completed and left it.
///
/// # Safety
/// The step is this thread's, the future is gone.
#[inline]
unsafe fn end<F, P>(this: &KindRef<Task<F, P>>, slot: usize, ended: BodyEnded) -> Option<NodeRef>
where
    F: Future,
    P: Policy<F::Output>,
{
    let head = &this.payload.head;
    let taken = head.state.end(ended.stored, ended.panicked, ended.failed);
    if ended.stored && !taken {
        // SAFETY: nobody was there to take it, and nobody can come; this thread may own it.
        unsafe { discard(this, slot) }
    }
    if this.as_node().has_some_children() {
        joins(this.as_node(), head);
    }
    this.as_node().release_body_here(ended.how) // the last touch: it, or the count, may free the cell
}

/// From now on the coroutine waits for what hangs below it, clean-up included.
#[cold]
#[inline(never)]
fn joins(node: &NodeRef, head: &TaskHead) {
    head.since.set(tick::last_told());
    if head.context.has_clock() {
        head.context.show_clock(&mut |clock| node.since.set(clock.now().tick()));
    }
}

/// Drops a result that nobody takes.
///
/// # Safety
/// The stage holds the result, and is this thread's, which may own it.
#[inline]
unsafe fn discard<F, P>(this: &KindRef<Task<F, P>>, slot: usize)
where
    F: Future,
    P: Policy<F::Output>,
{
    let context = &this.payload.head.context;
    this.payload.stage.with(|stage| {
        // SAFETY: the caller's contract.
        let result = unsafe { &*(&raw const (*stage).result).cast::<P::Stored>() };
        if P::matters(result) {
            // SAFETY: as above; it is read once.
            let result = unsafe { ptr::read(result) };
            current::enter_coroutine(this.as_node(), context, slot, || {
                unwind::contain("the Drop of a result", || P::discard(result, this.as_node(), context));
            });
        }
    });
}

/// Decides between a result and a cancel, and what is kept.
#[inline]
fn settle<F, P>(
    this: &KindRef<Task<F, P>>,
    outcome: Option<Outcome<F::Output>>,
    ended: Ended,
) -> Option<P::Stored>
where
    F: Future,
    P: Policy<F::Output>,
{
    let node = this.as_node();
    match (outcome, ended) {
        (None, _) => None,
        // A value, or an `Err`, that comes after the cancel: nobody asked for it any more.
        (Some(Outcome::Value(value)), Ended::Cut) => {
            unwind::drop_contained(value);
            None
        }
        // A panic is never lost.
        (Some(outcome), _) => match unwind::catch(|| P::settle(outcome, node, &this.payload.head.context)) {
            Ok(stored) => stored,
            Err(payload) => {
                unwind::drop_contained(payload);
                None
            }
        },
    }
}

/// The parent has completed: the coroutine never runs.
pub(super) fn refuse_birth<F, P>(this: &KindRef<Task<F, P>>)
where
    F: Future,
    P: Policy<F::Output>,
{
    let node = this.as_node();
    node.cancel_unlinked("its scope has completed".into());
    node.tell_cancelled();
    this.payload.stage.with_mut(|stage| {
        unwind::contain("the Drop of a coroutine's future", || {
            // SAFETY: no runnable was made and the node hangs nowhere, so the stage is this thread's,
            // which holds the future and may drop it. What that leaves behind is the launcher's.
            unsafe { ptr::drop_in_place((&raw mut (*stage).future).cast::<F>()) }
        })
    });
    this.payload.head.state.refused();
    node.release_body(node.state.body_ends());
}
