//! [`Channel`]: the block that all handles share, and what is done to it without waiting. Imports `slot`, `state`.

use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;

use coscope_core::primitive::AtomicUsize;
use coscope_core::unwind::drop_contained;
use coscope_core::wait::{HintedLock, WaitQueue};

use super::super::flavor::Flavor;
use super::ring::Ring;
use super::slot::{RESERVING, Slot};
use super::state::{Cause, End, FOR_RECEIVERS, FOR_SENDERS, Put, State, refuse_all, wake, wake_all, word_is};

/// One block, shared by all handles. What is written with each message, the word of the lock and the ring's ends, lies on one line
/// of the cache, which comes once from the other core, not twice.
#[repr(C, align(64))]
pub(in super::super) struct Channel<T> {
    pub(super) lock: HintedLock<State<T>>,
    pub(in super::super) flavor: Flavor,
    /// How many handles there are of each kind.
    pub(in super::super) senders: AtomicUsize,
    pub(in super::super) receivers: AtomicUsize,
}

/// Why a message cannot be sent just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Refusal {
    Full,
    Ended,
}

/// Why nothing can be received just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Nothing {
    Yet,
    Ever,
}

impl<T> Channel<T> {
    /// With one handle of each kind.
    pub(in super::super) fn new(flavor: Flavor) -> Arc<Self> {
        let one = || AtomicUsize::new(1);
        Arc::new(Channel {
            lock: HintedLock::new(State::new(flavor)),
            flavor,
            senders: one(),
            receivers: one(),
        })
    }

    /// What it is known by to those who listen.
    pub(super) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    pub(in super::super) fn len(&self) -> usize {
        self.lock.lock().ring.len()
    }

    /// How far it has come, and why.
    pub(in super::super) fn end(&self) -> (End, Cause) {
        let state = self.lock.lock();
        (state.end, state.cause.clone()) // a count, no user code
    }

    pub(in super::super) fn is_ended(&self) -> bool {
        self.lock.lock().end != End::Open
    }

    /// Closes or cancels. `true` for the first.
    pub(in super::super) fn finish(&self, to: End, cause: Cause) -> bool {
        let mut wakers = Vec::new();
        let mut left = Ring::with_capacity(0);
        let first = {
            let mut state = self.lock.lock();
            let first = state.end == End::Open;
            if state.end < to {
                state.ends(to);
                if first {
                    state.cause = cause;
                }
                if to == End::Cancelled {
                    std::mem::swap(&mut left, &mut state.ring);
                    refuse_all(&mut state.senders, |_| true, &mut wakers);
                } else {
                    refuse_all(&mut state.senders, word_is(RESERVING), &mut wakers);
                }
                if state.is_drained() {
                    refuse_all(&mut state.receivers, |_| true, &mut wakers);
                }
            }
            first
        };
        wake_all(wakers);
        left.for_each(drop_contained);
        first
    }

    /// Sends, if that is possible now.
    pub(in super::super) fn try_send(&self, message: T) -> Result<(), (Refusal, T)> {
        if self.lock.hints() & FOR_SENDERS == 0 {
            return Err((Refusal::Full, message));
        }
        let message = ManuallyDrop::new(message);
        // SAFETY: the message is not touched again unless it was not moved.
        let put = unsafe { self.lock.lock().put(None, &raw const *message) };
        match put {
            Put::Sent(waker) => {
                wake(waker);
                Ok(())
            }
            Put::Displaced(old) => {
                drop_contained(old);
                Ok(())
            }
            Put::Full => Err((Refusal::Full, ManuallyDrop::into_inner(message))),
            Put::Ended => Err((Refusal::Ended, ManuallyDrop::into_inner(message))),
        }
    }

    /// Receives, if there is something now.
    pub(in super::super) fn try_recv(&self) -> Result<T, Nothing> {
        if self.lock.hints() & FOR_RECEIVERS == 0 {
            return Err(Nothing::Yet);
        }
        let mut state = self.lock.lock();
        match state.take(None) {
            Some((message, waker)) => {
                drop(state);
                wake(waker);
                Ok(message)
            }
            None if state.is_drained() => Err(Nothing::Ever),
            None => Err(Nothing::Yet),
        }
    }

    /// Receives up to `most` at once, if there is something.
    pub(in super::super) fn try_recv_many(&self, into: &mut Vec<T>, most: usize) -> usize {
        if self.lock.hints() & FOR_RECEIVERS == 0 {
            return 0;
        }
        into.reserve(most.min(64)); // not under the lock
        let mut wakers = Vec::new();
        let mut count = 0;
        let mut state = self.lock.lock();
        while count < most
            && let Some((message, waker)) = state.take(None)
        {
            into.push(message);
            wakers.extend(waker);
            count += 1;
        }
        drop(state);
        wake_all(wakers);
        count
    }

    /// A place, if there is one now.
    pub(in super::super) fn try_reserve(&self) -> Result<(), Refusal> {
        let mut state = self.lock.lock();
        if state.end != End::Open {
            return Err(Refusal::Ended);
        }
        if state.reserve(None) { Ok(()) } else { Err(Refusal::Full) }
    }

    /// Sends to a place that was granted. `Err` if the channel was cancelled.
    pub(in super::super) fn send_reserved(&self, message: T) -> Result<(), T> {
        let message = ManuallyDrop::new(message);
        let mut wakers = Vec::new();
        let mut displaced = None;
        {
            let mut state = self.lock.lock();
            let reserved = state.reserved.saturating_sub(1);
            state.count_reserved(reserved);
            if state.end == End::Cancelled {
                return Err(ManuallyDrop::into_inner(message));
            }
            // SAFETY: the message is not touched again once it was moved.
            unsafe {
                let handed =
                    if state.ring.is_empty() { state.hand_over(None, &raw const *message) } else { None };
                match handed {
                    Some(waker) => wakers.push(waker),
                    None => {
                        let message = (&raw const *message).read();
                        if !state.never_waits() || state.has_room() {
                            state.ring.push_back(message);
                        } else if let Put::Displaced(old) = state.overflow(message) {
                            displaced = Some(old);
                        }
                    }
                }
            }
            state.settle(&mut wakers);
        }
        wake_all(wakers);
        displaced.into_iter().for_each(drop_contained);
        Ok(())
    }

    /// Gives a place back.
    pub(in super::super) fn release_place(&self) {
        let mut wakers = Vec::new();
        {
            let mut state = self.lock.lock();
            let reserved = state.reserved.saturating_sub(1);
            state.count_reserved(reserved);
            state.settle(&mut wakers);
        }
        wake_all(wakers);
    }

    /// Gives a message that was received and not taken to the next, else puts it back to the front.
    pub(super) fn pass_on(&self, message: T) {
        let message = ManuallyDrop::new(message);
        // SAFETY: it is moved, and not touched again.
        let (waker, left) = unsafe { self.lock.lock().pass_on(&raw const *message) };
        wake(waker);
        left.into_iter().for_each(drop_contained);
    }

    /// Takes a waiter out. `false` if somebody was first.
    #[inline(never)]
    pub(super) fn leave(&self, slot: Pin<&Slot<T>>, queue: fn(&mut State<T>) -> &mut WaitQueue) -> bool {
        let mut wakers = Vec::new();
        let (left, waker) = {
            let mut state = self.lock.lock();
            let queued = queue(&mut state);
            if queued.contains(slot.waiter()) {
                // SAFETY: it stands here.
                let waker = unsafe { queued.remove(slot.waiter()) };
                if state.end != End::Open {
                    state.settle(&mut wakers);
                }
                (true, waker)
            } else {
                (false, None)
            }
        };
        drop(waker);
        wake_all(wakers);
        left
    }

    /// A waiter that stands in its queue is polled again: its waker is exchanged if it would wake another.
    /// `false` if it does not stand there any more.
    pub(super) fn still_waits(
        &self,
        slot: Pin<&Slot<T>>,
        queue: fn(&mut State<T>) -> &mut WaitQueue,
        cx: &Context<'_>,
    ) -> bool {
        {
            let mut state = self.lock.lock();
            let queued = queue(&mut state);
            // SAFETY: it stands here or nowhere.
            if !queued.contains(slot.waiter()) || unsafe { queued.would_wake(slot.waiter(), cx.waker()) } {
                return queued.contains(slot.waiter());
            }
        }
        let waker = cx.waker().clone(); // user code: not under the lock
        let (waits, outdated) = {
            let mut state = self.lock.lock();
            let queued = queue(&mut state);
            if queued.contains(slot.waiter()) {
                // SAFETY: as above; `drop` takes it out.
                (true, unsafe { queued.push(slot.waiter(), waker) })
            } else {
                (false, Some(waker))
            }
        };
        drop(outdated);
        waits
    }
}

impl<T> std::fmt::Debug for Channel<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.lock.lock();
        let (len, end) = (state.ring.len(), state.end);
        drop(state);
        f.debug_struct("Channel").field("flavor", &self.flavor).field("len", &len).field("end", &end).finish()
    }
}
