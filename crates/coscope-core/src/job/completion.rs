//! The way up: who waits for a job hears that it has completed.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::listener::Event;
use super::node::NodeRef;
use crate::dispatch::resuming;
use crate::primitive::{AtomicU64, Ordering};
use crate::probe::{self, Resource};
use crate::wait::{Turn, Waiter};

/// How many joiners are woken between two takings of the lock.
const BATCH: usize = 16;

impl NodeRef {
    /// Wakes and calls everybody who waits for the job's end. Its bit is set already, so nobody can
    /// come in behind: who has announced himself before that is found here (`State::await_end`).
    #[cold]
    pub(super) fn notify_completed(&self) {
        let (joined, listeners, finalizers) = {
            let mut guarded = self.guarded.lock();
            // What is left of the queue are regions that have ended, which hold this node in a circle.
            let finalizers = guarded.rare.as_mut().map(|rare| std::mem::take(&mut rare.finalizers));
            let listeners = guarded.rare.as_ref().is_some_and(|rare| !rare.listeners.is_empty());
            (!guarded.joiners.is_empty(), listeners, finalizers)
        };
        drop(finalizers);
        if listeners {
            // whoever waited for a stop or a cancel that never came hears that none will
            for event in [Event::Stop, Event::Cancel, Event::Complete] {
                self.call_listeners(event);
            }
        }
        if joined {
            resuming(|| self.wake_joiners());
        }
    }

    fn wake_joiners(&self) {
        let mut batch: [Option<Waker>; BATCH] = [const { None }; BATCH];
        loop {
            let mut taken = 0;
            {
                let mut guarded = self.guarded.lock();
                while taken < BATCH
                    && let Some(waker) = guarded.joiners.pop()
                {
                    batch[taken] = Some(waker);
                    taken += 1;
                }
            }
            if taken == 0 {
                return;
            }
            for waker in batch[..taken].iter_mut().filter_map(Option::take) {
                crate::unwind::contain("a waker", || waker.wake());
            }
        }
    }

    /// Waits for the job's end, which has not come when this is called.
    fn poll_completed(&self, waiter: Pin<&Waiter>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the waiter stands here or nowhere, and `Joining` takes it out before it goes.
        if unsafe { self.guarded.lock().joiners.would_wake(waiter, cx.waker()) } {
            return if self.state.is_completed() { Poll::Ready(()) } else { Poll::Pending };
        }
        let waker = cx.waker().clone();
        let outdated = {
            let mut guarded = self.guarded.lock();
            if self.state.await_end() {
                // SAFETY: as above.
                unsafe { guarded.joiners.push(waiter, waker) }
            } else {
                Some(waker)
            }
        };
        drop(outdated);
        if self.state.is_completed() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// As `poll_completed`, for a clause.
    fn poll_commit(&self, waiter: Pin<&Waiter>, turn: &Turn<'_, '_>) -> Poll<()> {
        if let Some(ticket) = turn.ticket() {
            let mut guarded = self.guarded.lock();
            if !guarded.joiners.contains(waiter) && self.state.await_end() {
                // SAFETY: as above.
                unsafe { guarded.joiners.push_ticket(waiter, ticket) };
            }
        }
        if self.state.is_completed() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Calls `call` at `event`, at once if that has passed. The number takes it out again.
    pub(crate) fn listen(&self, event: Event, call: Box<dyn FnOnce() + Send>) -> Option<u64> {
        let passed = |node: &NodeRef| match event {
            Event::Stop => node.state.is_stopping() || node.state.is_completed(),
            Event::Cancel => node.state.is_cancelling() || node.state.is_completed(),
            Event::Complete => node.state.is_completed(),
        };
        let mut call = Some(call);
        let number = {
            let mut guarded = self.guarded.lock();
            // The bit is set before the listeners are taken under the lock: who finds it unset here
            // is found there.
            if !self.state.await_end() || passed(self) {
                None
            } else {
                Some(guarded.rare().listeners.add(event, call.take().expect("not moved yet")))
            }
        };
        if let Some(call) = call {
            crate::unwind::contain("a listener of a job", call);
        }
        number
    }

    /// Takes a listener out.
    pub(crate) fn unlisten(&self, number: u64) {
        let call = match &mut self.guarded.lock().rare {
            Some(rare) => rare.listeners.remove(number),
            None => None,
        };
        crate::unwind::drop_contained(call);
    }
}

/// One who waits for a job: takes its waiter out of the queue when it goes.
pub(crate) struct Joining {
    node: NodeRef,
    waiter: Waiter,
    /// [`NEVER`] or [`QUEUED`], or, where that was told the probes, the number of the coroutine that waits.
    queued: AtomicU64,
}

/// The waiter has not been put into the queue.
const NEVER: u64 = 0;
/// It has been, and was perhaps taken out again.
const QUEUED: u64 = u64::MAX;

impl Joining {
    #[inline]
    pub(crate) fn new(node: NodeRef) -> Self {
        Joining { node, waiter: Waiter::new(), queued: AtomicU64::new(NEVER) }
    }
    pub(crate) fn node(&self) -> &NodeRef {
        &self.node
    }
    #[inline]
    pub(crate) fn poll(self: Pin<&Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_ref();
        if this.node.state.is_completed() {
            return Poll::Ready(());
        }
        this.note_queued();
        // SAFETY: a projection to a field that is never moved out of.
        let waiter = unsafe { self.map_unchecked(|this| &this.waiter) };
        this.node.poll_completed(waiter, cx)
    }
}

impl Joining {
    /// As [`poll`](Self::poll), for a clause of a select.
    #[inline]
    pub(crate) fn poll_commit(self: Pin<&Self>, turn: &Turn<'_, '_>) -> Poll<()> {
        let this = self.get_ref();
        if this.node.state.is_completed() {
            return Poll::Ready(());
        }
        if turn.ticket().is_none() {
            return Poll::Pending;
        }
        this.note_queued();
        // SAFETY: a projection to a field that is never moved out of.
        let waiter = unsafe { self.map_unchecked(|this| &this.waiter) };
        this.node.poll_commit(waiter, turn)
    }
}

impl Drop for Joining {
    #[inline]
    fn drop(&mut self) {
        if self.queued.load(Ordering::Relaxed) != NEVER {
            self.leave();
        }
    }
}

impl Joining {
    #[inline]
    fn note_queued(&self) {
        if self.queued.load(Ordering::Relaxed) == NEVER {
            self.queued.store(QUEUED, Ordering::Relaxed);
        }
    }

    /// What is waited for.
    fn resource(&self) -> Resource {
        Resource::Job(self.node.identity.id)
    }

    /// Somebody stands in the queue, and that is to be told now: of the coroutine with this number.
    pub(crate) fn begin_telling(&self, waiter: u64) -> Option<Resource> {
        let untold = self.queued.load(Ordering::Relaxed) == QUEUED;
        untold.then(|| {
            self.queued.store(waiter, Ordering::Relaxed);
            self.resource()
        })
    }

    /// The wait is over. Who has waited, if that was told.
    pub(crate) fn end_telling(&self) -> Option<(u64, Resource)> {
        let waiter = self.queued.load(Ordering::Relaxed);
        (waiter != NEVER && waiter != QUEUED).then(|| {
            self.queued.store(QUEUED, Ordering::Relaxed);
            (waiter, self.resource())
        })
    }

    #[cold]
    fn leave(&mut self) {
        // SAFETY: the waiter was pinned when it came in, and is not moved between that and here.
        let waiter = unsafe { Pin::new_unchecked(&self.waiter) };
        // SAFETY: it stands in this queue or in none.
        let waker = unsafe { self.node.guarded.lock().joiners.remove(waiter) };
        drop(waker);
        if probe::is_listening()
            && let Some((waiter, on)) = self.end_telling()
        {
            probe::tell(&|probe| probe.left(waiter, on));
        }
    }
}
