//! [`Receiving`]: one who receives, as a future and as a clause. Imports `slot`, `state`, `channel`.

use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use coscope_core::gate::{self, Site, WaitKind};
use coscope_core::tell::{self, Resource};
use coscope_core::wait::{Locked, Turn};

use super::channel::Channel;
use super::slot::{DONE, Delayed, GONE, IDLE, QUEUED, REFUSED, Slot};
use super::state::{End, FOR_RECEIVERS, FOR_SENDERS, State, wake};

/// One who receives.
pub(in super::super) struct Receiving<C: Deref<Target = Channel<T>>, T> {
    channel: C,
    slot: Slot<T>,
    site: Site,
}

impl<C: Deref<Target = Channel<T>>, T> Receiving<C, T> {
    #[inline]
    pub(in super::super) fn new(channel: C, site: &'static Location<'static>) -> Self {
        Receiving {
            channel,
            slot: Slot::new(MaybeUninit::uninit()),
            site: Site::new(WaitKind::ChannelRecv, site),
        }
    }

    pub(in super::super) fn channel(&self) -> &C {
        &self.channel
    }

    fn slot(self: Pin<&Self>) -> Pin<&Slot<T>> {
        // SAFETY: a projection to a field that is never moved out of.
        unsafe { self.map_unchecked(|this| &this.slot) }
    }

    /// Ready with a message, or with none if none will come any more. Polled again after that, it receives again.
    ///
    /// The first half is short and calls nothing, to be written into the body of who receives.
    #[inline(always)]
    pub(in super::super) fn poll<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        result: impl FnOnce(Option<T>, &C) -> R,
    ) -> Poll<R> {
        let this = self.into_ref();
        match this.quickly() {
            Ok(message) => Poll::Ready(result(Some(message), &this.get_ref().channel)),
            Err(Delayed::Again) => this.poll_again(cx, result),
            Err(Delayed::Alone(state)) => this.wait(state, cx, result),
            Err(Delayed::Held(state)) => this.meet(state, cx, result),
        }
    }

    #[inline(always)]
    fn quickly<'a>(self: Pin<&'a Self>) -> Result<T, Delayed<Locked<'a, State<T>>>> {
        let this = self.get_ref();
        if this.slot.word() != IDLE || !gate::is_clear() {
            return Err(Delayed::Again);
        }
        let mut state = this.channel.lock.lock();
        if !state.senders.is_empty() {
            return Err(Delayed::Held(state));
        }
        match state.ring.pop_front() {
            Some(message) => {
                let hints = state.hints_of_taken();
                state.leave(hints);
                Ok(message)
            }
            None => Err(Delayed::Alone(state)),
        }
    }

    #[inline(never)]
    fn poll_again<R>(
        self: Pin<&Self>,
        cx: &mut Context<'_>,
        result: impl FnOnce(Option<T>, &C) -> R,
    ) -> Poll<R> {
        if self.slot.word() == DONE && gate::is_clear() {
            return Poll::Ready(result(self.end(DONE), &self.channel));
        }
        self.poll_otherwise(cx, result)
    }

    #[inline(never)]
    fn poll_otherwise<R>(
        self: Pin<&Self>,
        cx: &mut Context<'_>,
        result: impl FnOnce(Option<T>, &C) -> R,
    ) -> Poll<R> {
        let mut word = self.slot.word();
        if !gate::may_go_on(cx, || word != QUEUED) {
            return self.pending();
        }
        if word == IDLE {
            return self.meet_otherwise(self.channel.lock.lock(), cx, result);
        }
        if word == QUEUED {
            if self.channel.still_waits(self.slot(), |state| &mut state.receivers, cx) {
                return self.pending();
            }
            word = self.slot.word();
        }
        tell::granted(self.resource());
        Poll::Ready(result(self.end(word), &self.channel))
    }

    #[inline]
    fn end(self: Pin<&Self>, word: u32) -> Option<T> {
        self.slot.set(IDLE);
        // SAFETY: `DONE` makes the message the owner's, and it is there, once.
        (word == DONE).then(|| unsafe { self.slot.read() })
    }

    /// Somebody waits to send.
    #[inline(never)]
    fn meet<R>(
        self: Pin<&Self>,
        mut state: Locked<'_, State<T>>,
        cx: &mut Context<'_>,
        result: impl FnOnce(Option<T>, &C) -> R,
    ) -> Poll<R> {
        if state.is_open_rendezvous()
            && let Some((message, waker)) = state.take_from_sender(None)
        {
            let hints = state.hints_of_handed();
            state.leave(hints);
            wake(waker);
            return Poll::Ready(result(Some(message), &self.channel));
        }
        self.meet_otherwise(state, cx, result)
    }

    #[inline(never)]
    fn meet_otherwise<R>(
        self: Pin<&Self>,
        mut state: Locked<'_, State<T>>,
        cx: &mut Context<'_>,
        result: impl FnOnce(Option<T>, &C) -> R,
    ) -> Poll<R> {
        if let Some((message, waker)) = state.take(None) {
            drop(state);
            wake(waker);
            return Poll::Ready(result(Some(message), &self.channel));
        }
        if state.is_drained() {
            drop(state);
            return Poll::Ready(result(None, &self.channel));
        }
        drop(state);
        let own = cx.waker().clone(); // user code: not under the lock
        self.meet_or_wait(self.channel.lock.lock(), own).map(|message| result(message, &self.channel))
    }

    /// There is nothing in it, and nobody waits to send. A coroutine of ours waits at once: its waker may be cloned here.
    #[inline(never)]
    fn wait<R>(
        self: Pin<&Self>,
        mut state: Locked<'_, State<T>>,
        cx: &mut Context<'_>,
        result: impl FnOnce(Option<T>, &C) -> R,
    ) -> Poll<R> {
        if state.end == End::Open
            && let Some(own) = gate::own_waker_waits(cx, self.site.mark())
        {
            self.enlist(&mut state, own);
            state.leave(FOR_SENDERS);
            return Poll::Pending; // in a step that nobody hears
        }
        self.meet_otherwise(state, cx, result)
    }

    /// What is waited for, for those who listen.
    fn resource(&self) -> Resource {
        Resource::Message(self.channel.address())
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
        unsafe { state.receivers.stand(self.slot().as_waiter(), own, QUEUED) };
    }

    #[cold]
    fn meet_or_wait(self: Pin<&Self>, mut state: Locked<'_, State<T>>, own: Waker) -> Poll<Option<T>> {
        let found = state.take(None);
        if found.is_none() && !state.is_drained() {
            self.enlist(&mut state, own);
            let granted = state.grant(None);
            drop(state);
            wake(granted);
            tell::blocked(self.resource(), None, self.site.get());
            return self.pending();
        }
        drop(state);
        drop(own);
        let (message, waker) = found.map_or((None, None), |(message, waker)| (Some(message), waker));
        wake(waker);
        Poll::Ready(message)
    }

    /// As a clause. The first half, a look by one who has not waited, is short.
    #[inline]
    pub(in super::super) fn poll_commit(self: Pin<&mut Self>, turn: &Turn<'_, '_>) -> Poll<()> {
        let this = self.into_ref();
        if this.slot.word() != IDLE || turn.ticket().is_some() {
            return this.commit_or_wait(turn);
        }
        let lock = &this.get_ref().channel.lock;
        if lock.hints() & FOR_RECEIVERS == 0 {
            return Poll::Pending;
        }
        let mut state = lock.lock();
        if state.senders.is_empty()
            && let Some(message) = state.ring.pop_front()
        {
            let hints = state.hints_of_taken();
            state.leave(hints);
            let message = ManuallyDrop::new(message);
            // SAFETY: it does not stand in the queue, so that the slot is the owner's, and empty; the message is moved.
            unsafe { this.slot.write(&raw const *message) };
            this.slot.set(DONE);
            return Poll::Ready(());
        }
        drop(state);
        this.commit_or_wait(turn)
    }

    #[inline(never)]
    fn commit_or_wait(self: Pin<&Self>, turn: &Turn<'_, '_>) -> Poll<()> {
        let word = self.slot.word();
        if word >= DONE {
            tell::granted(self.resource());
            return Poll::Ready(());
        }
        let lock = &self.channel.lock;
        let waits = turn.ticket().filter(|_| word == IDLE);
        if waits.is_none() && lock.hints() & FOR_RECEIVERS == 0 && !turn.is_granted() {
            return Poll::Pending;
        }
        let mut state = lock.lock();
        if self.slot.word() >= DONE {
            drop(state); // by whoever has just let go of it
            tell::granted(self.resource());
            return Poll::Ready(());
        }
        let found = state.take(Some(turn.own()));
        if found.is_none() && !state.is_drained() {
            let mut granted = None;
            if let Some(ticket) = waits {
                // SAFETY: it stands nowhere; `drop` takes it out.
                unsafe { state.receivers.stand(self.slot().as_waiter(), ticket, QUEUED) };
                granted = state.grant(Some(ticket));
            }
            drop(state);
            wake(granted);
            if waits.is_some() {
                tell::blocked_in_select(self.resource(), None, self.site.get());
            }
            return Poll::Pending;
        }
        // SAFETY: it stands here or nowhere; a ticket has no waker.
        let _none = unsafe { state.receivers.remove(self.slot().waiter()) };
        drop(state);
        match found {
            Some((message, waker)) => {
                let message = ManuallyDrop::new(message);
                // SAFETY: out of the queue, the slot is the owner's again; the message is moved.
                unsafe { self.slot.write(&raw const *message) };
                self.slot.set(DONE);
                wake(waker);
            }
            None => self.slot.set(REFUSED),
        }
        if word == QUEUED {
            tell::granted(self.resource());
        }
        Poll::Ready(())
    }

    /// As a clause: another has won.
    #[inline]
    pub(in super::super) fn settle(self: Pin<&mut Self>) {
        if matches!(self.slot.word(), QUEUED | GONE) {
            let this = self.into_ref();
            this.channel.leave(this.slot(), |state| &mut state.receivers);
            tell::left(this.resource());
        }
    }

    /// What a clause has won.
    pub(in super::super) fn won(self: Pin<&mut Self>) -> Option<T> {
        let this = self.into_ref();
        this.end(this.slot.word())
    }
}

impl<C: Deref<Target = Channel<T>>, T> Drop for Receiving<C, T> {
    #[inline]
    fn drop(&mut self) {
        if self.slot.word() != IDLE {
            self.give_up();
        }
    }
}

impl<C: Deref<Target = Channel<T>>, T> Receiving<C, T> {
    #[cold]
    fn give_up(&mut self) {
        // SAFETY: pinned since it was polled, and not moved after this.
        let this = unsafe { Pin::new_unchecked(&*self) };
        tell::left(this.resource());
        if this.slot.word() == QUEUED && this.channel.leave(this.slot(), |state| &mut state.receivers) {
            return;
        }
        if this.slot.word() == DONE {
            // SAFETY: `DONE` makes the message the owner's, and it is there.
            this.channel.pass_on(unsafe { this.slot.read() });
        }
    }
}
