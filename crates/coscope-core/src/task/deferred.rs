//! [`Deferred`]: a job with a result, which it owns.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;

use super::cell::TaskHead;
use super::policy::why_no_value;
use crate::context::current;
use crate::error::{CancelReason, JoinError, Reported};
use crate::job::{Job, Joining, NodeRef};
use crate::suspend::gate::{self, Mark, WaitKind};
use crate::suspend::tell;
use crate::wait::{Clause, Turn};

/// A coroutine's result to come.
///
/// `.await` gives the `T` (the coroutine of a lazy one is started by it). In a fail-fast scope an
/// await needs no `Result`: if the awaited coroutine fails, its scope is failing, and whoever awaits
/// inside that scope is dropped at this very `.await`.
///
/// The result is owned: without the `Deferred` it is dropped where it was made. Dropping the
/// `Deferred` does not cancel the coroutine, which its scope waits for anyway.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let answer: Deferred<i32> = s.spawn(async { 42 });
///     assert_eq!(answer.await, 42);
/// });
/// ```
///
/// # Cancellation
/// Safe: an await that is cut takes nothing, and the coroutine goes on.
///
/// # Panics
/// The await panics if the coroutine was cancelled, or failed, somewhere the awaiter does not belong
/// to (or inside a [`shield`](crate::shield)): there is no `T` to give. Where that can happen, ask
/// for the [`outcome`](Self::outcome).
#[must_use = "a Deferred that nobody awaits loses its result; `launch` is for work without one"]
pub struct Deferred<T> {
    joining: Joining,
    taken: bool,
    result: PhantomData<T>,
}

impl<T> Deferred<T> {
    /// # Safety
    /// `node` is a coroutine whose policy stores a `T`, launched with interest, and this is the one
    /// `Deferred` of it.
    #[inline]
    pub(crate) unsafe fn new(node: NodeRef) -> Self {
        Deferred { joining: Joining::new(node), taken: false, result: PhantomData }
    }

    pub(super) fn node(&self) -> &NodeRef {
        self.joining.node()
    }

    /// The job.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let answer = s.named("answer").spawn(async { 42 });
    ///     assert_eq!(answer.job().name(), "answer");
    ///     assert_eq!(answer.await, 42);
    /// });
    /// ```
    pub fn job(&self) -> Job {
        Job(self.node().clone())
    }

    /// Cancels the coroutine; see [`Job::cancel`].
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let answer = s.spawn(async { 42 });
    ///     assert!(answer.cancel("changed my mind"));
    ///     assert!(answer.outcome().await.unwrap_err().is_cancelled());
    /// });
    /// ```
    pub fn cancel(&self, reason: impl Into<CancelReason>) -> bool {
        self.node().cancel(reason.into())
    }

    /// Starts a lazy coroutine; see [`Job::start`].
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let answer = s.start(Start::Lazy).spawn(async { 42 });
    ///     assert!(answer.start());           // it works while this goes on
    ///     assert_eq!(answer.await, 42);
    /// });
    /// ```
    pub fn start(&self) -> bool {
        self.job().start()
    }

    /// Whether the coroutine runs; see [`Job::is_active`].
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let answer = s.start(Start::Lazy).spawn(async { 42 });
    ///     assert!(!answer.is_active());
    ///     answer.start();
    ///     assert!(answer.is_active());
    /// });
    /// ```
    pub fn is_active(&self) -> bool {
        self.node().state.is_active()
    }

    /// Whether the coroutine has completed.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let answer = s.spawn(async { 42 });
    ///     answer.job().join().await;
    ///     assert!(answer.is_completed());    // and the result waits here
    ///     assert_eq!(answer.await, 42);
    /// });
    /// ```
    pub fn is_completed(&self) -> bool {
        self.node().state.is_completed()
    }

    /// Waits, and gives the result or says why there is none: the form for a coroutine that may have
    /// been cancelled by somebody else.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     assert_eq!(s.spawn(async { 42 }).outcome().await.unwrap(), 42);
    ///
    ///     let cut = s.spawn(std::future::pending::<i32>());
    ///     cut.cancel("too slow");
    ///     assert!(matches!(cut.outcome().await, Err(JoinError::Cancelled { .. })));
    /// });
    /// ```
    ///
    /// # Errors
    /// [`JoinError`]: the coroutine was cancelled, failed or panicked.
    ///
    /// # Cancellation
    /// Safe, as the plain await.
    pub fn outcome(self) -> OutcomeOf<T> {
        OutcomeOf { deferred: self }
    }

    #[track_caller]
    fn poll_result(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // SAFETY: `joining` is the only field that is pinned, and it is not moved out of.
        let this = unsafe { self.get_unchecked_mut() };
        assert!(!this.taken, "a Deferred was polled after it had given its result");
        let site = Location::caller();
        if !this.is_completed() {
            this.start_once();
            // SAFETY: as above.
            let joining = unsafe { Pin::new_unchecked(&this.joining) };
            let polled = tell::join(joining, cx, site);
            ready!(gate::pass_marked(cx, polled, Mark::new(WaitKind::Await, site)));
        }
        if !current::arrive() {
            ready!(Self::poll_elsewhere(cx, site));
            let _ended = tell::joined(&this.joining, Poll::Ready(()));
        }
        Poll::Ready(this.take_unheard())
    }

    /// The job has completed, but the step is not where this belongs, or has done enough.
    #[cold]
    fn poll_elsewhere(cx: &mut Context<'_>, site: &'static Location<'static>) -> Poll<()> {
        ready!(gate::pass_marked(cx, Poll::Ready(()), Mark::new(WaitKind::Await, site)));
        if !current::spend() {
            cx.waker().wake_by_ref();
            gate::waits(WaitKind::Yield, site);
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    #[inline]
    pub(super) fn start_once(&mut self) {
        if self.node().state.is_new() {
            self.start();
        }
    }

    /// [`Clause::poll_commit`].
    #[track_caller]
    fn poll_end(self: Pin<&mut Self>, turn: &Turn<'_, '_>) -> Poll<()> {
        // SAFETY: `joining` is the only field that is pinned, and it is not moved out of.
        let this = unsafe { self.get_unchecked_mut() };
        this.start_once();
        // SAFETY: as above.
        let joining = unsafe { Pin::new_unchecked(&this.joining) };
        tell::join_in_select(joining, turn, Location::caller())
    }

    /// What the job, which has completed, has left.
    pub(super) fn take(&mut self) -> Option<T> {
        let _ended = tell::joined(&self.joining, Poll::Ready(()));
        self.take_unheard()
    }

    /// As [`take`](Self::take), in a step that nobody hears, or by one who has told.
    #[inline]
    fn take_unheard(&mut self) -> Option<T> {
        self.taken = true;
        let node = self.joining.node();
        let mut room = MaybeUninit::<T>::uninit();
        // SAFETY: the room is a `T`'s (`new`'s contract), and a `Deferred<T>` is only where a `T` may be.
        let stored = unsafe { node.take_result(room.as_mut_ptr().cast()) };
        // SAFETY: written if it says so.
        if stored { Some(unsafe { room.assume_init() }) } else { None }
    }

    fn is_panicked(&self) -> bool {
        self.node().face::<TaskHead>().is_some_and(|head| head.state.is_panicked())
    }
}

impl<T> Future for Deferred<T> {
    type Output = T;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        if self.taken {
            return self.no_value();
        }
        match ready!(self.as_mut().poll_result(cx)) {
            Some(value) => Poll::Ready(value),
            None => self.no_value(),
        }
    }
}

impl<T> Deferred<T> {
    /// Ready if the job, which has completed, has left a value, or the awaiter goes on without: not if it is about to be
    /// dropped.
    pub(super) fn poll_takeable(&self) -> Poll<()> {
        let has_value = self.node().face::<TaskHead>().is_some_and(|head| head.state.is_stored());
        if !has_value && current::is_being_cut() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// What the job, which has completed, has left, for one who has not given the `Deferred` away.
    #[track_caller]
    pub(super) fn poll_taken(&mut self) -> Poll<T> {
        match if self.taken { None } else { self.take() } {
            Some(value) => Poll::Ready(value),
            None => self.no_value(),
        }
    }

    #[track_caller]
    pub(super) fn take_or_panic(&mut self) -> T {
        let value = if self.taken { None } else { self.take() };
        value.unwrap_or_else(|| self.panic_without())
    }

    /// There is no value. If something around the awaiter is being cut, it is about to be dropped
    /// here; otherwise it asked for what cannot be.
    #[track_caller]
    fn no_value(&self) -> Poll<T> {
        if current::is_being_cut() {
            return Poll::Pending;
        }
        self.panic_without()
    }

    #[track_caller]
    fn panic_without(&self) -> ! {
        let why = why_no_value(self.node(), self.is_panicked(), || Reported);
        panic!(
            "awaited a coroutine that has no value: {why}. The awaiter does not belong to what failed, or is shielded \
             from it, so it cannot be dropped instead. Use `.outcome().await` where a coroutine may be cancelled or \
             fail elsewhere."
        );
    }
}

/// In a select: the coroutine has a result. A `Deferred` that loses is dropped, and its result with it; the coroutine
/// goes on.
impl<T> Clause for Deferred<T> {
    type Output = T;
    #[track_caller]
    fn poll_commit(mut self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        ready!(self.as_mut().poll_end(turn));
        self.poll_takeable()
    }
    fn take(self: Pin<&mut Self>) -> T {
        // SAFETY: `joining` is the only field that is pinned, and it is not moved out of.
        unsafe { self.get_unchecked_mut() }.take_or_panic()
    }
}

/// In a select: the coroutine has ended, in one way or another.
impl<T> Clause for OutcomeOf<T> {
    type Output = Result<T, JoinError>;
    #[track_caller]
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        // SAFETY: a projection to the one field, which is never moved out of.
        unsafe { self.map_unchecked_mut(|this| &mut this.deferred) }.poll_end(turn)
    }
    fn take(self: Pin<&mut Self>) -> Self::Output {
        // SAFETY: `joining`, in the `Deferred`, is the only field that is pinned, and it is not moved out of.
        let deferred = unsafe { &mut self.get_unchecked_mut().deferred };
        deferred.take().ok_or_else(|| why_no_value(deferred.node(), deferred.is_panicked(), || Reported))
    }
}

impl<T> Drop for Deferred<T> {
    fn drop(&mut self) {
        if !self.taken {
            // SAFETY: this is the one `Deferred`, it has not taken the result, and it is where a `T`
            // may be.
            unsafe { self.joining.node().discard_result() }
        }
    }
}

impl<T> fmt::Debug for Deferred<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deferred").field(self.node()).finish()
    }
}

/// The future of [`Deferred::outcome`].
///
/// ```
/// # use coscope::{OutcomeOf, prelude::*};
/// run_blocking(async |s: Scope| {
///     let outcome: OutcomeOf<i32> = s.spawn(async { 42 }).outcome();
///     assert_eq!(outcome.await.unwrap(), 42);
/// });
/// ```
#[must_use = "an outcome is there only when it is awaited"]
#[derive(Debug)]
pub struct OutcomeOf<T> {
    deferred: Deferred<T>,
}

impl<T> Future for OutcomeOf<T> {
    type Output = Result<T, JoinError>;
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: a projection to the one field, which is never moved out of.
        let mut deferred = unsafe { self.map_unchecked_mut(|this| &mut this.deferred) };
        let value = ready!(deferred.as_mut().poll_result(cx));
        Poll::Ready(value.ok_or_else(|| why_no_value(deferred.node(), deferred.is_panicked(), || Reported)))
    }
}

/// Awaits every one, and gives the results in order. Starts lazy ones, all at first.
///
/// The first failure *in time* ends the wait, not the first in order: in a fail-fast scope because
/// the scope is cut, otherwise because the await panics (see [`Deferred`]).
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let squares: Vec<_> = (1..=4).map(|n| s.spawn(async move { n * n })).collect();
///     assert_eq!(await_all(squares).await, [1, 4, 9, 16]);
/// });
/// ```
///
/// # Cancellation
/// Safe: what was not taken is dropped with its `Deferred`.
///
/// # Panics
/// The await panics where that of a [`Deferred`] would.
#[track_caller]
pub fn await_all<T>(deferred: impl IntoIterator<Item = Deferred<T>>) -> AwaitAll<T> {
    let left: FuturesUnordered<_> =
        deferred.into_iter().enumerate().map(|(index, deferred)| Indexed { index, deferred }).collect();
    let results = (0..left.len()).map(|_| None).collect();
    AwaitAll { left, results, started: false, site: Location::caller() }
}

/// The future of [`await_all`].
///
/// ```
/// # use coscope::{AwaitAll, prelude::*};
/// run_blocking(async |s: Scope| {
///     let both: AwaitAll<i32> = await_all([s.spawn(async { 13 }), s.spawn(async { 29 })]);
///     assert_eq!(both.await, [13, 29]);
/// });
/// ```
#[must_use = "it waits only when it is awaited"]
pub struct AwaitAll<T> {
    left: FuturesUnordered<Indexed<T>>,
    results: Vec<Option<T>>,
    started: bool,
    site: &'static Location<'static>,
}

impl<T> Unpin for AwaitAll<T> {}

/// A `Deferred` with its place in the list.
struct Indexed<T> {
    index: usize,
    deferred: Deferred<T>,
}

impl<T> Future for Indexed<T> {
    type Output = (usize, T);
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<(usize, T)> {
        let index = self.index;
        // SAFETY: a projection to a field that is never moved out of.
        let deferred = unsafe { self.map_unchecked_mut(|this| &mut this.deferred) };
        deferred.poll(cx).map(|value| (index, value))
    }
}

impl<T> Future for AwaitAll<T> {
    type Output = Vec<T>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<T>> {
        let this = &mut *self;
        if !std::mem::replace(&mut this.started, true) {
            for indexed in Pin::new(&this.left).iter_pin_ref() {
                indexed.get_ref().deferred.start();
            }
        }
        loop {
            match Pin::new(&mut this.left).poll_next(cx) {
                Poll::Ready(Some((index, value))) => this.results[index] = Some(value),
                Poll::Ready(None) => break,
                Poll::Pending => {
                    gate::waits(WaitKind::Await, this.site);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(this.results.drain(..).map(|r| r.expect("every result is there")).collect())
    }
}

impl<T> fmt::Debug for AwaitAll<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AwaitAll({} left)", self.left.len())
    }
}
