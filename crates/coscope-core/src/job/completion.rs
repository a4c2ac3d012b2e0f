//! The way up: who waits for a job hears that it has completed.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::listener::{Event, Listeners};
use super::node::NodeRef;
use crate::dispatch::resuming;
use crate::wait::Waiter;

/// How many joiners are woken between two takings of the lock.
const BATCH: usize = 16;

impl NodeRef {
    /// Wakes and calls everybody who waits for the job's end. Its bit is set already, so nobody can
    /// come in behind: who finds the bit unset under the lock is found here.
    pub(super) fn notify_completed(&self) {
        let (joined, listeners, finalizers) = {
            let mut guarded = self.guarded.lock();
            // What is left of the queue are regions that have ended, which hold this node in a circle.
            let finalizers = guarded.finalizers.take();
            (!guarded.joiners.is_empty(), guarded.listeners.is_some(), finalizers)
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

    /// Waits for the job's end.
    pub(crate) fn poll_completed(&self, waiter: Pin<&Waiter>, cx: &mut Context<'_>) -> Poll<()> {
        if self.state.is_completed() {
            return Poll::Ready(());
        }
        // SAFETY: the waiter stands here or nowhere, and `Joining` takes it out before it goes.
        if unsafe { self.guarded.lock().joiners.would_wake(waiter, cx.waker()) } {
            return if self.state.is_completed() { Poll::Ready(()) } else { Poll::Pending };
        }
        let waker = cx.waker().clone();
        let outdated = {
            let mut guarded = self.guarded.lock();
            if self.state.is_completed() {
                Some(waker)
            } else {
                // SAFETY: as above.
                unsafe { guarded.joiners.push(waiter, waker) }
            }
        };
        drop(outdated);
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
            if passed(self) {
                None
            } else {
                let listeners = guarded.listeners.get_or_insert_with(|| Box::new(Listeners::default()));
                Some(listeners.add(event, call.take().expect("not moved yet")))
            }
        };
        if let Some(call) = call {
            crate::unwind::contain("a listener of a job", call);
        }
        number
    }

    /// Takes a listener out.
    pub(crate) fn unlisten(&self, number: u64) {
        let call = match &mut self.guarded.lock().listeners {
            Some(listeners) => listeners.remove(number),
            None => None,
        };
        crate::unwind::drop_contained(call);
    }
}

/// One who waits for a job: takes its waiter out of the queue when it goes.
pub(crate) struct Joining {
    node: NodeRef,
    waiter: Waiter,
}

impl Joining {
    pub(crate) fn new(node: NodeRef) -> Self {
        Joining { node, waiter: Waiter::new() }
    }
    pub(crate) fn node(&self) -> &NodeRef {
        &self.node
    }
    pub(crate) fn poll(self: Pin<&Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: a projection to a field that is never moved out of.
        let waiter = unsafe { self.map_unchecked(|this| &this.waiter) };
        self.get_ref().node.poll_completed(waiter, cx)
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        // SAFETY: the waiter was pinned when it came in, and is not moved between that and here.
        let waiter = unsafe { Pin::new_unchecked(&self.waiter) };
        // SAFETY: it stands in this queue or in none.
        let waker = unsafe { self.node.guarded.lock().joiners.remove(waiter) };
        drop(waker);
    }
}
