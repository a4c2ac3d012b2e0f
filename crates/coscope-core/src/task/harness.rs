//! One step of a coroutine: poll it or cut it, and when it has ended hand on what it ended with.
//!
//! Everything here runs with `RUNNING` set by this thread, which makes the stage its own.

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};

use super::borrowed::Unwound;
use super::cell::{Task, dispatch};
use super::policy::{Outcome, Policy};
use super::state::{Pend, Run};
use super::waker;
use crate::context::current;
use crate::job::{Ended, KindRef, Node, NodeRef};
use crate::primitive::Ordering;
use crate::unwind;

/// Runs a dispatched step.
///
/// # Safety
/// `node` is alive and of this type, its `SCHEDULED` runnable is consumed by this call, and this
/// thread may run the future.
pub(super) unsafe fn run<F, P>(node: NonNull<Node>, slot: usize)
where
    F: Future,
    P: Policy<F::Output>,
{
    // SAFETY: alive until the coroutine has ended; after a poll that leaves it idle the borrowed
    // reference is not touched any more.
    let borrowed = ManuallyDrop::new(unsafe { NodeRef::from_raw(node) });
    // SAFETY: the caller's contract.
    let this = unsafe { KindRef::<Task<F, P>>::of(&borrowed) };
    if let Some(thread) = this.payload.head.pinned
        && thread != std::thread::current().id()
    {
        // Its loop has handed the step to another thread. There is no way to run or drop it here.
        eprintln!("coscope: pinned coroutine {} was run on another thread; aborting", borrowed.info());
        std::process::abort();
    }
    match this.payload.head.state.run(slot, || is_shielded(this)) {
        // SAFETY: `run` has set `RUNNING`.
        Run::Poll => unsafe { step(this, slot) },
        // SAFETY: as above.
        Run::Cut => unsafe { cut(this, slot) },
    }
}

/// Runs the first step of an undispatched coroutine on the launching thread.
///
/// # Safety
/// `RUNNING` is set from birth, and this thread may run the future.
pub(super) unsafe fn run_first<F, P>(this: &KindRef<Task<F, P>>)
where
    F: Future,
    P: Policy<F::Output>,
{
    // SAFETY: the caller's contract.
    unsafe { step(this, 0) }
}

/// Read by a read-modify-write: a cancel sets its bit and then looks here, a shield that ends outside
/// of a poll gives its count back and then looks at the bit; one of the two comes last.
fn is_shielded<K>(this: &KindRef<K>) -> bool {
    this.shields.fetch_add(0, Ordering::AcqRel) != 0
}

/// Polls the future, and does what follows.
///
/// # Safety
/// `RUNNING` is set by this thread, the stage holds the future.
unsafe fn step<F, P>(this: &KindRef<Task<F, P>>, slot: usize)
where
    F: Future,
    P: Policy<F::Output>,
{
    let head = &this.payload.head;
    // a slot that has been given back since the step was dispatched: it ran at home
    let slot = if slot != 0 && head.hops.dispatcher(slot).is_none() { 0 } else { slot };
    head.hops.arrived(slot);
    let (polled, yielding) = current::enter_coroutine(this.as_node(), &head.context, slot, || {
        let mut polled = None;
        let mut poll = || {
            polled = Some(unwind::catch(|| {
                this.payload.stage.with_mut(|stage| {
                    // SAFETY: `RUNNING` makes the stage ours, and it holds the future, which is
                    // never moved from the block it was written into.
                    let future = unsafe { Pin::new_unchecked(&mut *(&raw mut (*stage).future).cast::<F>()) };
                    waker::with_waker(this.as_node(), 0, |waker| future.poll(&mut Context::from_waker(waker)))
                })
            }));
        };
        if !head.context.has_thread_elements() {
            poll();
        } else if let Err(payload) = unwind::catch(|| head.context.around_step(&mut poll)) {
            polled = Some(Err(or_earlier_panic(polled, payload)));
        }
        polled.expect("a step runs once")
    });
    let outcome = match polled {
        Ok(Poll::Pending) => match head.state.pend(slot, || is_shielded(this)) {
            Pend::Idle => return, // the cell may be gone
            Pend::Again(slot) => {
                let this = this.clone();
                return dispatch(&this, slot, yielding);
            }
            // SAFETY: `pend` has left `RUNNING` set.
            Pend::Cut => return unsafe { cut(this, slot) },
        },
        Ok(Poll::Ready(value)) => Some(Outcome::Value(value)),
        Err(payload) if payload.is::<Unwound>() => {
            // a blocking call inside was cancelled: so is what blocked on it
            if let Ok(unwound) = payload.downcast::<Unwound>() {
                this.as_node().cancel(unwound.reason.clone());
            }
            None
        }
        Err(payload) => Some(Outcome::Panic(payload)),
    };
    // SAFETY: `RUNNING` is still set.
    unsafe { end(this, slot, outcome) }
}

/// A thread element has panicked, before the poll or after it: the coroutine fails with that, or with
/// its own panic if it had one. A value that was there is lost.
fn or_earlier_panic<T>(
    polled: Option<Result<Poll<T>, Box<dyn Any + Send>>>,
    payload: Box<dyn Any + Send>,
) -> Box<dyn Any + Send> {
    match polled {
        Some(Err(earlier)) => {
            unwind::drop_contained(payload);
            earlier
        }
        other => {
            unwind::drop_contained(other);
            payload
        }
    }
}

/// Drops the future where it is suspended.
///
/// # Safety
/// `RUNNING` is set by this thread, the stage holds the future.
unsafe fn cut<F, P>(this: &KindRef<Task<F, P>>, slot: usize)
where
    F: Future,
    P: Policy<F::Output>,
{
    // SAFETY: the caller's contract.
    unsafe { end(this, slot, None) }
}

/// The body has ended (or, with no outcome, is to be cut): drops the future, settles and stores the
/// result, and gives the body's token back.
///
/// # Safety
/// `RUNNING` is set by this thread, the stage holds the future.
unsafe fn end<F, P>(this: &KindRef<Task<F, P>>, slot: usize, outcome: Option<Outcome<F::Output>>)
where
    F: Future,
    P: Policy<F::Output>,
{
    let this = &this.clone(); // the parent's list may let go of it below
    let node = this.as_node();
    let head = &this.payload.head;
    let panicked = matches!(outcome, Some(Outcome::Panic(_)));
    let (stored, _) = current::enter_coroutine(node, &head.context, slot, || {
        let mut stored = None;
        let mut outcome = Some(outcome);
        let finished = Cell::new(false);
        let mut finish = || {
            finished.set(true);
            this.payload.stage.with_mut(|stage| {
                unwind::contain("the Drop of a coroutine's future", || {
                    // SAFETY: the stage is ours and holds the future, which is dropped in place, once.
                    unsafe { ptr::drop_in_place((&raw mut (*stage).future).cast::<F>()) }
                })
            });
            node.close_regions();
            stored = settle::<F, P>(this, outcome.take().expect("a step runs once"));
        };
        if head.context.has_thread_elements() {
            unwind::contain("a thread element", || head.context.around_step(&mut finish));
        }
        if !finished.get() {
            finish();
        }
        stored
    });
    let keeps = stored.is_some();
    if let Some(result) = stored {
        // SAFETY: the stage is ours and empty.
        this.payload
            .stage
            .with_mut(|stage| unsafe { (&raw mut (*stage).result).cast::<P::Stored>().write(result) });
    }
    let taken = head.state.end(keeps, panicked);
    if keeps && !taken {
        let result = this.payload.stage.with(|stage| {
            // SAFETY: nobody was there to take it, and nobody can come; this thread may own it.
            unsafe { ptr::read((&raw const (*stage).result).cast::<P::Stored>()) }
        });
        current::enter_coroutine(node, &head.context, slot, || {
            unwind::contain("the Drop of a result", || P::discard(result, node, &head.context));
        });
    }
    node.release();
}

/// Decides between a result and a cancel, and what is kept.
fn settle<F, P>(this: &KindRef<Task<F, P>>, outcome: Option<Outcome<F::Output>>) -> Option<P::Stored>
where
    F: Future,
    P: Policy<F::Output>,
{
    let node = this.as_node();
    let ended = node.state.body_ended();
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
    this.payload.stage.with_mut(|stage| {
        unwind::contain("the Drop of a coroutine's future", || {
            // SAFETY: no runnable was made and the node hangs nowhere, so the stage is this thread's,
            // which holds the future and may drop it. What that leaves behind is the launcher's.
            unsafe { ptr::drop_in_place((&raw mut (*stage).future).cast::<F>()) }
        })
    });
    let _cut = node.state.body_ended();
    let _nothing = this.payload.head.state.end(false, false);
    node.release();
}
