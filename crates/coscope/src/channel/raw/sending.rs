//! [`Sending`]: one who sends, or asks for a place, as a future and as a clause. Imports `slot`, `state`, `channel`.

use std::mem::MaybeUninit;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use coscope_core::gate::{self, Site, WaitKind};
use coscope_core::tell::{self, Resource};
use coscope_core::unwind::drop_contained;
use coscope_core::wait::{Locked, Ticket, Turn};

use super::channel::Channel;
use super::slot::{DONE, Delayed, GONE, IDLE, QUEUED, REFUSED, RESERVING, Slot};
use super::state::{End, FOR_RECEIVERS, FOR_SENDERS, Put, State, wake, wake_all};

/// One who sends a message, or (without one) asks for a place: that is what its slot `WAITS_AS`.
pub(in super::super) struct Sending<C: Deref<Target = Channel<T>>, T, const WAITS_AS: u32> {
    channel: C,
    slot: Slot<T>,
    site: Site,
}

/// One who sends a message.
pub(in super::super) type SendingMessage<C, T> = Sending<C, T, QUEUED>;
/// One who asks for a place.
pub(in super::super) type Reserving<C, T> = Sending<C, T, RESERVING>;

impl<C: Deref<Target = Channel<T>>, T> SendingMessage<C, T> {
    #[inline]
    pub(in super::super) fn new(channel: C, message: T, site: &'static Location<'static>) -> Self {
        Sending {
            channel,
            slot: Slot::new(MaybeUninit::new(message)),
            site: Site::new(WaitKind::ChannelSend, site),
        }
    }
}

impl<C: Deref<Target = Channel<T>>, T> Reserving<C, T> {
    #[inline]
    pub(in super::super) fn new(channel: C, site: &'static Location<'static>) -> Self {
        Sending { channel, slot: Slot::new(MaybeUninit::uninit()), site: Site::new(WaitKind::Reserve, site) }
    }
}

impl<C: Deref<Target = Channel<T>>, T, const WAITS_AS: u32> Sending<C, T, WAITS_AS> {
    pub(in super::super) fn channel(&self) -> &C {
        &self.channel
    }

    fn slot(self: Pin<&Self>) -> Pin<&Slot<T>> {
        // SAFETY: a projection to a field that is never moved out of.
        unsafe { self.map_unchecked(|this| &this.slot) }
    }

    /// Under the lock: sends, or takes a place.
    #[inline(always)]
    fn attempt(&self, state: &mut State<T>, but: Option<Ticket>) -> Put<T> {
        if WAITS_AS == QUEUED {
            // SAFETY: the message is there: it has not been sent. If it is now, `DONE` is set.
            return self.slot.peek(|message| unsafe { state.put(but, message) });
        }
        if state.end != End::Open {
            Put::Ended
        } else if state.reserve(but) {
            Put::Sent(None)
        } else {
            Put::Full
        }
    }

    /// What follows an attempt, with no lock held. `None` if there was no room.
    #[inline(always)]
    fn outcome(&self, put: Put<T>) -> Option<bool> {
        match put {
            Put::Sent(waker) => {
                self.slot.set(DONE);
                wake(waker);
                Some(true)
            }
            Put::Displaced(old) => {
                self.slot.set(DONE);
                drop_contained(old);
                Some(true)
            }
            Put::Full => None,
            Put::Ended => {
                self.slot.set(REFUSED);
                Some(false)
            }
        }
    }

    /// Ready with `true` if it was sent, or the place is the caller's. With `false`, the message is
    /// [still here](Self::take_back).
    ///
    /// The first half is short and calls nothing, to be written into the body of who sends.
    #[inline(always)]
    pub(in super::super) fn poll<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        result: impl FnOnce(&Self, bool) -> R,
    ) -> Poll<R> {
        let this = self.into_ref();
        match this.quickly() {
            Ok(()) => Poll::Ready(result(this.get_ref(), true)),
            Err(Delayed::Again) => this.poll_again(cx, result),
            Err(Delayed::Alone(state)) => this.wait(state, cx, result),
            Err(Delayed::Held(state)) => this.meet(state, cx, result),
        }
    }

    #[inline(always)]
    fn quickly<'a>(self: Pin<&'a Self>) -> Result<(), Delayed<Locked<'a, State<T>>>> {
        let this = self.get_ref();
        if this.slot.word() != IDLE || !gate::is_clear() {
            return Err(Delayed::Again);
        }
        let mut state = this.channel.lock.lock();
        if !state.receivers.is_empty() {
            return Err(Delayed::Held(state));
        }
        // SAFETY: nobody waits. The message is there: it has not been sent. If it is now, `DONE` is set.
        if WAITS_AS == QUEUED && this.slot.peek(|message| unsafe { state.keep(message) }) {
            state.leave(FOR_RECEIVERS | FOR_SENDERS); // what the next would find it looks for
            this.slot.set(DONE);
            Ok(())
        } else {
            Err(Delayed::Alone(state))
        }
    }

    #[inline(never)]
    fn poll_again<R>(
        self: Pin<&Self>,
        cx: &mut Context<'_>,
        result: impl FnOnce(&Self, bool) -> R,
    ) -> Poll<R> {
        if self.slot.word() == DONE && gate::is_clear() {
            return Poll::Ready(result(self.get_ref(), true));
        }
        self.poll_otherwise(cx, result)
    }

    #[inline(never)]
    fn poll_otherwise<R>(
        self: Pin<&Self>,
        cx: &mut Context<'_>,
        result: impl FnOnce(&Self, bool) -> R,
    ) -> Poll<R> {
        let mut word = self.slot.word();
        if !gate::may_go_on(cx, || word != WAITS_AS) {
            return self.pending();
        }
        if word == IDLE {
            return self.meet_otherwise(self.channel.lock.lock(), cx, result);
        }
        if word == WAITS_AS {
            if self.channel.still_waits(self.slot(), |state| &mut state.senders, cx) {
                return self.pending();
            }
            word = self.slot.word();
        }
        tell::granted(self.resource());
        Poll::Ready(result(self.get_ref(), word == DONE))
    }

    /// Somebody waits to receive.
    #[inline(never)]
    fn meet<R>(
        self: Pin<&Self>,
        mut state: Locked<'_, State<T>>,
        cx: &mut Context<'_>,
        result: impl FnOnce(&Self, bool) -> R,
    ) -> Poll<R> {
        if WAITS_AS == QUEUED && state.end == End::Open && state.passes_the_ring() {
            // SAFETY: the message is there: it has not been sent. If it is now, `DONE` is set.
            let handed = self.slot.peek(|message| unsafe { state.hand_over(None, message) });
            if let Some(waker) = handed {
                let hints = state.hints_of_handed();
                state.leave(hints);
                self.slot.set(DONE);
                wake(Some(waker));
                return Poll::Ready(result(self.get_ref(), true));
            }
        }
        self.meet_otherwise(state, cx, result)
    }

    #[inline(never)]
    fn meet_otherwise<R>(
        self: Pin<&Self>,
        mut state: Locked<'_, State<T>>,
        cx: &mut Context<'_>,
        result: impl FnOnce(&Self, bool) -> R,
    ) -> Poll<R> {
        let put = self.attempt(&mut state, None);
        drop(state);
        if let Some(sent) = self.outcome(put) {
            return Poll::Ready(result(self.get_ref(), sent));
        }
        let own = cx.waker().clone(); // user code: not under the lock
        self.meet_or_wait(self.channel.lock.lock(), own).map(|sent| result(self.get_ref(), sent))
    }

    /// Nobody waits to receive, and it cannot just be kept. Where there is no room a coroutine of ours waits at once: its waker
    /// may be cloned here.
    #[inline(never)]
    fn wait<R>(
        self: Pin<&Self>,
        mut state: Locked<'_, State<T>>,
        cx: &mut Context<'_>,
        result: impl FnOnce(&Self, bool) -> R,
    ) -> Poll<R> {
        if state.end == End::Open
            && !state.has_room()
            && !state.never_waits()
            && let Some(own) = gate::own_waker_waits(cx, self.site.mark())
        {
            self.enlist(&mut state, own);
            state.leave(FOR_RECEIVERS);
            return Poll::Pending; // in a step that nobody hears
        }
        self.meet_otherwise(state, cx, result)
    }

    /// What is waited for, for those who listen.
    fn resource(&self) -> Resource {
        Resource::Room(self.channel.address())
    }

    /// For those who look.
    #[inline]
    fn pending<R>(&self) -> Poll<R> {
        gate::leaves(self.site.mark());
        Poll::Pending
    }

    /// Under the lock: stands in the queue from now on.
    #[inline]
    fn enlist(self: Pin<&Self>, state: &mut State<T>, own: Waker) {
        // SAFETY: it stands nowhere; `drop` takes it out.
        unsafe { state.senders.stand(self.slot().as_waiter(), own, WAITS_AS) };
    }

    #[cold]
    fn meet_or_wait(self: Pin<&Self>, mut state: Locked<'_, State<T>>, own: Waker) -> Poll<bool> {
        let put = self.attempt(&mut state, None);
        if matches!(put, Put::Full) {
            self.enlist(&mut state, own);
            drop(state);
            tell::blocked(self.resource(), None, self.site.get());
            return self.pending();
        }
        drop(state);
        drop(own);
        Poll::Ready(self.outcome(put) == Some(true))
    }

    /// As a clause.
    pub(in super::super) fn poll_commit(self: Pin<&mut Self>, turn: &Turn<'_, '_>) -> Poll<()> {
        let this = self.into_ref();
        let word = this.slot.word();
        if word >= DONE {
            tell::granted(this.resource());
            return Poll::Ready(());
        }
        let lock = &this.channel.lock;
        let waits = turn.ticket().filter(|_| word == IDLE);
        if waits.is_none() && lock.hints() & FOR_SENDERS == 0 && !turn.is_granted() {
            return Poll::Pending;
        }
        let mut state = lock.lock();
        if this.slot.word() >= DONE {
            drop(state); // by whoever has just let go of it
            tell::granted(this.resource());
            return Poll::Ready(());
        }
        let put = this.attempt(&mut state, Some(turn.own()));
        if matches!(put, Put::Full) {
            if let Some(ticket) = waits {
                // SAFETY: it stands nowhere; `drop` takes it out.
                unsafe { state.senders.stand(this.slot().as_waiter(), ticket, WAITS_AS) };
                drop(state);
                tell::blocked_in_select(this.resource(), None, this.site.get());
            }
            return Poll::Pending;
        }
        let mut wakers = Vec::new();
        // SAFETY: it stands here or nowhere; a ticket has no waker.
        let _none = unsafe { state.senders.remove(this.slot().waiter()) };
        if state.end != End::Open {
            state.settle(&mut wakers);
        }
        drop(state);
        let _sent = this.outcome(put);
        wake_all(wakers);
        if word == WAITS_AS {
            tell::granted(this.resource());
        }
        Poll::Ready(())
    }

    /// As a clause: another has won.
    #[inline]
    pub(in super::super) fn settle(self: Pin<&mut Self>) {
        let word = self.slot.word();
        if word == WAITS_AS || word == GONE {
            let this = self.into_ref();
            this.channel.leave(this.slot(), |state| &mut state.senders);
            tell::left(this.resource());
        }
    }

    /// Whether a clause that has committed has sent.
    pub(in super::super) fn won(&self) -> bool {
        self.slot.word() == DONE
    }

    /// The message of one that was refused.
    #[cold]
    pub(in super::super) fn take_back(&self) -> T {
        assert!(self.slot.word() == REFUSED && WAITS_AS == QUEUED, "only what was refused comes back, once");
        self.slot.set(DONE);
        // SAFETY: the word said that the message is the owner's, and there; now it says that it is gone.
        unsafe { self.slot.read() }
    }
}

impl<C: Deref<Target = Channel<T>>, T, const WAITS_AS: u32> Drop for Sending<C, T, WAITS_AS> {
    #[inline]
    fn drop(&mut self) {
        if self.slot.word() == DONE && WAITS_AS == QUEUED {
            return;
        }
        self.give_up();
    }
}

impl<C: Deref<Target = Channel<T>>, T, const WAITS_AS: u32> Sending<C, T, WAITS_AS> {
    /// Dropped before it has sent, or with a place.
    #[cold]
    fn give_up(&mut self) {
        // SAFETY: pinned if it was polled, and not moved after this.
        let this = unsafe { Pin::new_unchecked(&*self) };
        let word = this.slot.word();
        if word == WAITS_AS || word == GONE {
            this.channel.leave(this.slot(), |state| &mut state.senders);
            tell::left(this.resource());
        }
        let done = this.slot.word() == DONE;
        if WAITS_AS == RESERVING {
            if done {
                this.channel.release_place(); // granted, and nobody has it
            }
        } else if !done {
            // SAFETY: not sent, and not waiting any more: the message is the owner's, and there.
            drop_contained(unsafe { this.slot.read() });
        }
    }

    /// The place that was granted is the caller's now.
    pub(in super::super) fn keep_place(&self) {
        self.slot.set(IDLE);
    }
}
