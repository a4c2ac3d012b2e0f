//! [`State`]: what is under the lock, and who meets whom there. No user code runs in here. Imports `ring`, `slot`.

use std::error::Error;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::Waker;

use coscope_core::dispatch::resuming;
use coscope_core::unwind::contain;
use coscope_core::wait::{Hinted, Ticket, WaitQueue};

use super::super::flavor::{Flavor, Overflow};
use super::ring::Ring;
use super::slot::{DONE, QUEUED, REFUSED, RESERVING, slot};

pub(super) const FOR_RECEIVERS: u32 = 1 << 1;
pub(super) const FOR_SENDERS: u32 = 1 << 2;

/// What ended a channel, as its users gave it.
pub(in super::super) type Cause = Option<Arc<dyn Error + Send + Sync>>;

/// How far a channel has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum End {
    Open,
    /// What is in it is still received.
    Closed,
    /// It is empty for good.
    Cancelled,
}

/// What is under the lock.
pub(super) struct State<T> {
    pub(super) ring: Ring<T>,
    /// How many messages the ring may hold: the capacity without the places that are reserved.
    pub(super) limit: usize,
    pub(super) flavor: Flavor,
    /// Places that were granted and have not been used.
    pub(super) reserved: usize,
    pub(super) receivers: WaitQueue,
    pub(super) senders: WaitQueue,
    pub(super) end: End,
    pub(super) cause: Cause,
}

/// What a sender came to.
pub(super) enum Put<T> {
    /// The message is in the channel, or with a receiver, who is to be woken.
    Sent(Option<Waker>),
    /// The same, and this had to go.
    Displaced(T),
    /// There is no room; the message has not been touched.
    Full,
    /// The channel is closed; the message has not been touched.
    Ended,
}

impl<T> Hinted for State<T> {
    fn hints(&self) -> u32 {
        if self.end != End::Open {
            return FOR_RECEIVERS | FOR_SENDERS;
        }
        let for_receivers = !self.ring.is_empty() | !self.senders.is_empty();
        let for_senders = self.has_room() | self.never_waits() | !self.receivers.is_empty();
        (u32::from(for_receivers) * FOR_RECEIVERS) | (u32::from(for_senders) * FOR_SENDERS)
    }
}

impl<T> State<T> {
    pub(super) fn new(flavor: Flavor) -> Self {
        State {
            ring: Ring::with_capacity(flavor.kept_ready()),
            limit: flavor.capacity,
            flavor,
            reserved: 0,
            receivers: WaitQueue::new(),
            senders: WaitQueue::new(),
            end: End::Open,
            cause: None,
        }
    }

    /// The hints where nobody waits.
    #[inline]
    pub(super) fn quick_hints(&self) -> u32 {
        if self.end != End::Open {
            return FOR_RECEIVERS | FOR_SENDERS;
        }
        let for_receivers = if self.ring.is_empty() { 0 } else { FOR_RECEIVERS };
        let for_senders = if self.has_room() || self.never_waits() { FOR_SENDERS } else { 0 };
        for_receivers | for_senders
    }

    /// The hints right after [`keep`](Self::keep) has kept a message.
    #[inline]
    pub(super) fn hints_of_kept(&self) -> u32 {
        if self.has_room() || self.never_waits() { FOR_RECEIVERS | FOR_SENDERS } else { FOR_RECEIVERS }
    }

    /// The hints right after a receiver was handed a message past an empty ring.
    #[inline]
    pub(super) fn hints_of_handed(&self) -> u32 {
        let for_receivers = if self.senders.is_empty() { 0 } else { FOR_RECEIVERS };
        let for_senders = self.limit > 0 || self.never_waits() || !self.receivers.is_empty();
        for_receivers | if for_senders { FOR_SENDERS } else { 0 }
    }

    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.ring.len() < self.limit
    }

    #[inline]
    pub(super) fn never_waits(&self) -> bool {
        self.flavor.overflow != Overflow::Suspend
    }

    /// One more place, or one less, is reserved.
    pub(super) fn count_reserved(&mut self, reserved: usize) {
        if !self.never_waits() {
            self.reserved = reserved;
            self.limit = self.flavor.capacity.saturating_sub(reserved);
        }
    }

    #[inline]
    pub(super) fn is_rendezvous(&self) -> bool {
        self.flavor.capacity == 0
    }

    /// Nothing is in it, and nothing will come.
    #[inline]
    pub(super) fn is_drained(&self) -> bool {
        self.end == End::Cancelled
            || (self.end == End::Closed
                && self.ring.is_empty()
                && self.senders.is_empty()
                && self.reserved == 0)
    }

    /// Moves what is at `from` into the slot of the first receiver that can be had.
    ///
    /// # Safety
    /// What is at `from` is the caller's to move, unless this gives `None`.
    #[inline(always)]
    pub(super) unsafe fn hand_over(&mut self, but: Option<Ticket>, from: *const T) -> Option<Waker> {
        if self.receivers.is_empty() {
            return None;
        }
        let hand = |data| {
            // SAFETY: a receiver's slot, just taken out, which is empty and waits; `from` is the caller's contract.
            unsafe {
                let slot = slot::<T>(data);
                slot.write(from);
                slot.set(DONE);
            }
        };
        self.receivers.pop_with(but, |_| true, hand).map(|(waker, ())| waker)
    }

    /// Whether a message may go to a receiver past the ring. Without room others may wait while receivers wait, for places
    /// that have been granted: not past them.
    #[inline]
    pub(super) fn passes_the_ring(&self) -> bool {
        self.ring.is_empty() && (self.is_rendezvous() || self.has_room())
    }

    /// Sends what is at `from`, by the flavor.
    ///
    /// # Safety
    /// What is at `from` is the caller's to move, unless this gives `Full` or `Ended`.
    #[inline(always)]
    pub(super) unsafe fn put(&mut self, but: Option<Ticket>, from: *const T) -> Put<T> {
        if self.end != End::Open {
            return Put::Ended;
        }
        if self.passes_the_ring() {
            // SAFETY: the caller's contract.
            if let Some(waker) = unsafe { self.hand_over(but, from) } {
                return Put::Sent(Some(waker));
            }
        }
        if self.has_room() {
            // SAFETY: the caller's contract.
            self.ring.push_back(unsafe { from.read() });
            return Put::Sent(None);
        }
        if self.flavor.overflow == Overflow::Suspend {
            return Put::Full;
        }
        // SAFETY: the caller's contract.
        self.overflow(unsafe { from.read() })
    }

    #[cold]
    pub(super) fn overflow(&mut self, message: T) -> Put<T> {
        match self.flavor.overflow {
            Overflow::DropLatest => Put::Displaced(message),
            _ => {
                let oldest = self.ring.pop_front();
                self.ring.push_back(message);
                oldest.map_or(Put::Sent(None), Put::Displaced)
            }
        }
    }

    /// The front of the ring, if nobody waits for its place.
    #[inline]
    pub(super) fn take_kept(&mut self) -> Option<T> {
        if self.senders.is_empty() { self.ring.pop_front() } else { None }
    }

    /// Whether a receiver can do nothing but wait.
    #[inline]
    pub(super) fn is_bare(&self) -> bool {
        self.end == End::Open && self.ring.is_empty() && self.senders.is_empty()
    }

    /// Whether a sender can do nothing but wait.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.end == End::Open && !self.has_room() && self.receivers.is_empty() && !self.never_waits()
    }

    /// Keeps what is at `from`, if nobody waits for it and there is room, and a place for it.
    ///
    /// # Safety
    /// What is at `from` is the caller's to move, unless this gives `false`.
    #[inline]
    pub(super) unsafe fn keep(&mut self, from: *const T) -> bool {
        let keeps =
            self.end == End::Open && self.receivers.is_empty() && self.has_room() && self.ring.has_place();
        if keeps {
            // SAFETY: the caller's contract.
            self.ring.push_back(unsafe { from.read() });
        }
        keeps
    }

    /// The next message, and a sender to wake.
    #[inline(always)]
    pub(super) fn take(&mut self, but: Option<Ticket>) -> Option<(T, Option<Waker>)> {
        match self.ring.pop_front() {
            Some(message) => Some((message, self.refill(but))),
            None if self.is_rendezvous() => self.take_from_sender(but),
            None => None,
        }
    }

    /// A place may be free: the first sender's, whether for a message or to be kept.
    #[inline(always)]
    pub(super) fn refill(&mut self, but: Option<Ticket>) -> Option<Waker> {
        if self.senders.is_empty() || !self.has_room() {
            return None;
        }
        let (waker, message) = self.senders.pop_with(
            but,
            |_| true,
            |data| {
                // SAFETY: a sender's slot, just taken out.
                let slot = unsafe { slot::<T>(data) };
                // SAFETY: one that waits with a message holds it.
                let message = (slot.word() == QUEUED).then(|| unsafe { slot.read() });
                slot.set(DONE);
                message
            },
        )?;
        match message {
            Some(message) => self.ring.push_back(message),
            None => self.count_reserved(self.reserved + 1),
        }
        Some(waker)
    }

    /// The message of the first sender that has one.
    #[inline(always)]
    pub(super) fn take_from_sender(&mut self, but: Option<Ticket>) -> Option<(T, Option<Waker>)> {
        // SAFETY: a sender's slot, queued.
        let has_message = |data| unsafe { slot::<T>(data) }.word() == QUEUED;
        let (waker, message) = self.senders.pop_with(but, has_message, |data| {
            // SAFETY: a sender's slot, just taken out; one that waits with a message holds it.
            unsafe {
                let slot = slot::<T>(data);
                let message = slot.read();
                slot.set(DONE);
                message
            }
        })?;
        Some((message, Some(waker)))
    }

    /// Whether a place can be had now; it is taken.
    pub(super) fn reserve(&mut self, but: Option<Ticket>) -> bool {
        let there_is = match self.flavor.overflow {
            Overflow::Suspend if self.is_rendezvous() => self.reserved == 0 && self.receivers.has_others(but),
            Overflow::Suspend => self.has_room(),
            _ => return true, // it is made when the message comes
        };
        self.count_reserved(self.reserved + usize::from(there_is));
        there_is
    }

    /// In a rendezvous, with a receiver waiting: a place for the first who asks for one.
    pub(super) fn grant(&mut self, but: Option<Ticket>) -> Option<Waker> {
        if !self.is_rendezvous() || self.reserved > 0 || self.receivers.is_empty() || self.senders.is_empty()
        {
            return None;
        }
        // SAFETY: a sender's slot, queued.
        let asks = |data| unsafe { slot::<T>(data) }.word() == RESERVING;
        // SAFETY: a sender's slot, just taken out.
        let grants = |data| unsafe { slot::<T>(data) }.set(DONE);
        let (waker, ()) = self.senders.pop_with(but, asks, grants)?;
        self.count_reserved(self.reserved + 1);
        Some(waker)
    }

    /// Gives a message that came back to the next receiver, else puts it to the front.
    ///
    /// # Safety
    /// What is at `from` is the caller's to move.
    pub(super) unsafe fn pass_on(&mut self, from: *const T) -> (Option<Waker>, Option<T>) {
        // SAFETY: the caller's contract.
        unsafe {
            if self.end == End::Cancelled {
                return (None, Some(from.read()));
            }
            if let Some(waker) = self.hand_over(None, from) {
                return (Some(waker), None);
            }
            self.ring.push_front(from.read());
        }
        (None, None)
    }

    /// A place is free, or a receiver and a sender wait for one another: brings together what can meet.
    #[cold]
    pub(super) fn settle(&mut self, wakers: &mut Vec<Waker>) {
        while let Some(waker) = self.refill(None) {
            wakers.push(waker);
        }
        while let Some(message) = self.ring.pop_front() {
            let message = ManuallyDrop::new(message);
            // SAFETY: read again only if nobody got it.
            match unsafe { self.hand_over(None, &raw const *message) } {
                Some(waker) => wakers.push(waker),
                None => {
                    self.ring.push_front(ManuallyDrop::into_inner(message));
                    break;
                }
            }
        }
        wakers.extend(self.grant(None));
        if self.is_drained() {
            refuse_all::<T>(&mut self.receivers, |_| true, wakers);
        }
    }
}

pub(super) fn refuse_all<T>(queue: &mut WaitQueue, fits: impl Fn(u32) -> bool, wakers: &mut Vec<Waker>) {
    // SAFETY: a slot of this channel, queued.
    let fits = |data| fits(unsafe { slot::<T>(data) }.word());
    // SAFETY: a slot of this channel, just taken out.
    let refuse = |data| unsafe { slot::<T>(data) }.set(REFUSED);
    while let Some((waker, ())) = queue.pop_with(None, fits, refuse) {
        wakers.push(waker);
    }
}

#[inline]
pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        resuming(|| contain("a waker", || waker.wake()));
    }
}

pub(super) fn wake_all(wakers: Vec<Waker>) {
    if !wakers.is_empty() {
        resuming(|| wakers.into_iter().for_each(|waker| contain("a waker", || waker.wake())));
    }
}
