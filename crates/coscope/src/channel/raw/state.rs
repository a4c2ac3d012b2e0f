//! [`State`]: what is under the lock, and who meets whom there. No user code runs in here. Imports `ring`, `slot`.

use std::error::Error;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::Waker;

use coscope_core::dispatch::resuming;
use coscope_core::unwind::contain;
use coscope_core::wait::{Hinted, Left, Ticket, WaitQueue, Waiter};

use super::super::flavor::{Flavor, Overflow};
use super::ring::Ring;
use super::slot::{QUEUED, RESERVING, slot};

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
#[repr(C)] // beside the word of the lock what changes with each message
pub(super) struct State<T> {
    pub(super) ring: Ring<T>,
    /// How many messages the ring may hold: the capacity without the places that are reserved.
    pub(super) limit: usize,
    pub(super) end: End,
    /// Hints that stand whatever else there is: all of them, when it is not open any more.
    at_the_end: u32,
    pub(super) receivers: WaitQueue,
    pub(super) senders: WaitQueue,
    pub(super) flavor: Flavor,
    /// Places that were granted and have not been used.
    pub(super) reserved: usize,
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
            at_the_end: 0,
            cause: None,
        }
    }

    /// Hints right after the front of the ring was taken, with nobody waiting: what a sender would find it looks for.
    #[inline]
    pub(super) fn hints_of_taken(&self) -> u32 {
        let for_receivers = if self.ring.is_empty() { 0 } else { FOR_RECEIVERS };
        self.at_the_end | for_receivers | FOR_SENDERS
    }

    /// Hints right after a receiver was handed a message past an empty ring, or a sender's was taken past it: what a sender
    /// would find it looks for.
    #[inline]
    pub(super) fn hints_of_handed(&self) -> u32 {
        let for_receivers = if self.senders.is_empty() { 0 } else { FOR_RECEIVERS };
        for_receivers | FOR_SENDERS
    }

    /// It has come to its end, or further.
    pub(super) fn ends(&mut self, to: End) {
        self.end = to;
        self.at_the_end = FOR_RECEIVERS | FOR_SENDERS;
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

    /// It is open, and a rendezvous with nothing that has come back.
    #[inline]
    pub(super) fn is_open_rendezvous(&self) -> bool {
        self.end == End::Open && self.is_rendezvous() && self.ring.is_empty()
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
        // SAFETY: a receiver's slot, just taken out, which is empty and waits; `from` is the caller's contract.
        let hand = |receiver| unsafe { slot::<T>(receiver).write(from) };
        self.receivers.pop_with(but, Left::Handed, |_| true, hand).map(|(waker, ())| waker)
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

    /// Keeps what is at `from`, if it is open and there is room, and a place for it.
    ///
    /// # Safety
    /// Nobody waits for it. What is at `from` is the caller's to move, unless this gives `false`.
    #[inline(always)]
    pub(super) unsafe fn keep(&mut self, from: *const T) -> bool {
        let keeps = self.end == End::Open && self.has_room() && self.ring.has_place();
        if keeps {
            // SAFETY: the caller's contract; and there is a place.
            unsafe { self.ring.push_into_place(from.read()) };
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
        let take = |sender| {
            // SAFETY: a sender's slot, just taken out.
            let slot = unsafe { slot::<T>(sender) };
            // SAFETY: one that waits with a message holds it.
            (slot.word() == QUEUED).then(|| unsafe { slot.read() })
        };
        let (waker, message) = self.senders.pop_with(but, Left::Handed, |_| true, take)?;
        match message {
            Some(message) => self.ring.push_back(message),
            None => self.count_reserved(self.reserved + 1),
        }
        Some(waker)
    }

    /// The message of the first sender that has one.
    #[inline(always)]
    pub(super) fn take_from_sender(&mut self, but: Option<Ticket>) -> Option<(T, Option<Waker>)> {
        // SAFETY: a sender's slot, just taken out; one that waits with a message holds it.
        let take = |sender| unsafe { slot::<T>(sender).read() };
        let (waker, message) = self.senders.pop_with(but, Left::Handed, word_is(QUEUED), take)?;
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
        let (waker, ()) = self.senders.pop_with(but, Left::Handed, word_is(RESERVING), |_| ())?;
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
            refuse_all(&mut self.receivers, |_| true, wakers);
        }
    }
}

/// Whether one who stands in a queue is of this kind.
#[inline]
pub(super) fn word_is(word: u32) -> impl Fn(*const Waiter) -> bool {
    // SAFETY: it stands in a queue whose lock is held, so that it is there.
    move |waiter| unsafe { &*waiter }.word() == word
}

pub(super) fn refuse_all(
    queue: &mut WaitQueue,
    fits: impl Fn(*const Waiter) -> bool,
    wakers: &mut Vec<Waker>,
) {
    while let Some((waker, ())) = queue.pop_with(None, Left::Refused, &fits, |_| ()) {
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
