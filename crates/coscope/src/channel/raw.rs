//! The raw channel: lock, ring, queues, and the slots in which messages wait. See `protocol.md`.
//!
//! Untyped in its errors and handles; the faces are `sender.rs` and `receiver.rs`. Imports `flavor`.

use std::collections::VecDeque;
use std::error::Error;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::Deref;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use coscope_core::dispatch::resuming;
use coscope_core::gate::{self, Way};
use coscope_core::primitive::{AtomicU32, AtomicUsize, Ordering, UnsafeCell};
use coscope_core::unwind::{contain, drop_contained};
use coscope_core::wait::{Hinted, HintedLock, Ticket, Turn, WaitQueue, Waiter};

use super::flavor::{Flavor, Overflow};

const FOR_RECEIVERS: u32 = 1 << 1;
const FOR_SENDERS: u32 = 1 << 2;

/// What ended a channel, as its users gave it.
pub(super) type Cause = Option<Arc<dyn Error + Send + Sync>>;

/// How far a channel has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Open,
    /// What is in it is still received.
    Closed,
    /// It is empty for good.
    Cancelled,
}

/// One block, shared by all handles.
pub(super) struct Channel<T> {
    lock: HintedLock<State<T>>,
    pub(super) flavor: Flavor,
    /// How many handles there are of each kind.
    pub(super) senders: AtomicUsize,
    pub(super) receivers: AtomicUsize,
}

/// What is under the lock.
struct State<T> {
    ring: VecDeque<T>,
    flavor: Flavor,
    /// Places that were granted and have not been used.
    reserved: usize,
    receivers: WaitQueue,
    senders: WaitQueue,
    end: End,
    cause: Cause,
}

/// What a sender came to.
enum Put<T> {
    /// The message is in the channel, or with a receiver, who is to be woken.
    Sent(Option<Waker>),
    /// The same, and this had to go.
    Displaced(T),
    /// There is no room; the message has not been touched.
    Full,
    /// The channel is closed; the message has not been touched.
    Ended,
}

/// Why a message cannot be sent just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Full,
    Ended,
}

/// Why nothing can be received just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nothing {
    Yet,
    Ever,
}

const IDLE: u32 = 0;
const QUEUED: u32 = 1;
/// As `QUEUED`, for a place instead of a message.
const RESERVING: u32 = 2;
const DONE: u32 = 3;
const REFUSED: u32 = 4;

/// Where a message, or a place, is waited for: in the waiting future, pinned.
struct Slot<T> {
    waiter: Waiter,
    word: AtomicU32,
    message: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: who may touch the message is said by the word (`protocol.md`), and it moves between threads only if `T` may.
unsafe impl<T: Send> Send for Slot<T> {}
// SAFETY: as above; nobody gets a reference to the message.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    fn new(message: MaybeUninit<T>) -> Self {
        Slot { waiter: Waiter::new(), word: AtomicU32::new(IDLE), message: UnsafeCell::new(message) }
    }

    fn word(&self) -> u32 {
        self.word.load(Ordering::Acquire)
    }

    fn set(&self, word: u32) {
        self.word.store(word, Ordering::Release);
    }

    /// For the queue. Made from the whole slot, so that it may be followed to all of it.
    fn as_data(self: Pin<&Self>) -> *mut () {
        ptr::from_ref(self.get_ref()).cast_mut().cast()
    }

    fn waiter(self: Pin<&Self>) -> Pin<&Waiter> {
        // SAFETY: a projection to a field that is never moved out of.
        unsafe { self.map_unchecked(|slot| &slot.waiter) }
    }

    /// # Safety
    /// The message is the caller's, and there.
    #[inline]
    unsafe fn read(&self) -> T {
        // SAFETY: the caller's contract.
        self.message.with(|message| unsafe { message.cast::<T>().read() })
    }

    /// # Safety
    /// The place is the caller's, and empty; what is at `from` is moved.
    #[inline]
    unsafe fn write(&self, from: *const T) {
        // SAFETY: the caller's contract.
        self.message.with_mut(|message| unsafe { ptr::copy_nonoverlapping(from, message.cast::<T>(), 1) });
    }
}

/// # Safety
/// `data` came from `as_data` of a slot of this type that stands in a queue, or has just been taken out of it, whose
/// lock is held.
unsafe fn slot<'a, T>(data: *mut ()) -> &'a Slot<T> {
    // SAFETY: the caller's contract: its owner takes it out under the lock before it goes.
    unsafe { &*data.cast::<Slot<T>>() }
}

impl<T> Hinted for State<T> {
    #[inline]
    fn hints(&self) -> u32 {
        let ended = self.end != End::Open;
        let mut hints = 0;
        if ended || !self.ring.is_empty() || !self.senders.is_empty() {
            hints |= FOR_RECEIVERS;
        }
        if ended || self.has_room() || !self.receivers.is_empty() || self.flavor.overflow != Overflow::Suspend {
            hints |= FOR_SENDERS;
        }
        hints
    }
}

impl<T> State<T> {
    #[inline]
    fn has_room(&self) -> bool {
        self.ring.len() + self.reserved < self.flavor.capacity
    }

    fn is_rendezvous(&self) -> bool {
        self.flavor.capacity == 0
    }

    /// Nothing is in it, and nothing will come.
    fn is_drained(&self) -> bool {
        self.end == End::Cancelled
            || (self.end == End::Closed && self.ring.is_empty() && self.senders.is_empty() && self.reserved == 0)
    }

    /// Moves what is at `from` into the slot of the first receiver that can be had.
    ///
    /// # Safety
    /// What is at `from` is the caller's to move, unless this gives `None`.
    #[inline]
    unsafe fn hand_over(&mut self, but: Option<Ticket>, from: *const T) -> Option<Waker> {
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

    /// Sends what is at `from`, by the flavor.
    ///
    /// # Safety
    /// What is at `from` is the caller's to move, unless this gives `Full` or `Ended`.
    #[inline]
    unsafe fn put(&mut self, but: Option<Ticket>, from: *const T) -> Put<T> {
        if self.end != End::Open {
            return Put::Ended;
        }
        // without room others may wait while receivers wait, for places that have been granted: not past them
        if self.ring.is_empty() && (self.is_rendezvous() || self.has_room()) {
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

    fn overflow(&mut self, message: T) -> Put<T> {
        match self.flavor.overflow {
            Overflow::DropLatest => Put::Displaced(message),
            _ => {
                let oldest = self.ring.pop_front();
                self.ring.push_back(message);
                oldest.map_or(Put::Sent(None), Put::Displaced)
            }
        }
    }

    /// The next message, and a sender to wake.
    #[inline]
    fn take(&mut self, but: Option<Ticket>) -> Option<(T, Option<Waker>)> {
        match self.ring.pop_front() {
            Some(message) => Some((message, self.refill(but))),
            None if self.is_rendezvous() => self.take_from_sender(but),
            None => None,
        }
    }

    /// A place may be free: the first sender's, whether for a message or to be kept.
    #[inline]
    fn refill(&mut self, but: Option<Ticket>) -> Option<Waker> {
        if self.senders.is_empty() || !self.has_room() {
            return None;
        }
        let (waker, message) = self.senders.pop_with(but, |_| true, |data| {
            // SAFETY: a sender's slot, just taken out.
            let slot = unsafe { slot::<T>(data) };
            // SAFETY: one that waits with a message holds it.
            let message = (slot.word() == QUEUED).then(|| unsafe { slot.read() });
            slot.set(DONE);
            message
        })?;
        match message {
            Some(message) => self.ring.push_back(message),
            None => self.reserved += 1,
        }
        Some(waker)
    }

    /// The message of the first sender that has one.
    fn take_from_sender(&mut self, but: Option<Ticket>) -> Option<(T, Option<Waker>)> {
        // SAFETY: (this and the following) a sender's slot, queued or just taken out; one that waits with a message holds it.
        let has_message = |data| unsafe { slot::<T>(data) }.word() == QUEUED;
        let (waker, message) = self.senders.pop_with(but, has_message, |data| unsafe {
            let slot = slot::<T>(data);
            let message = slot.read();
            slot.set(DONE);
            message
        })?;
        Some((message, Some(waker)))
    }

    /// Whether a place can be had now; it is taken.
    fn reserve(&mut self) -> bool {
        let there_is = match self.flavor.overflow {
            Overflow::Suspend if self.is_rendezvous() => self.reserved == 0 && !self.receivers.is_empty(),
            Overflow::Suspend => self.has_room(),
            _ => return true, // it is made when the message comes
        };
        self.reserved += usize::from(there_is);
        there_is
    }

    /// In a rendezvous, with a receiver waiting: a place for the first who asks for one.
    fn grant(&mut self) -> Option<Waker> {
        if !self.is_rendezvous() || self.reserved > 0 || self.receivers.is_empty() || self.senders.is_empty() {
            return None;
        }
        // SAFETY: (this and the following) a sender's slot, queued or just taken out.
        let asks = |data| unsafe { slot::<T>(data) }.word() == RESERVING;
        let (waker, ()) = self.senders.pop_with(None, asks, |data| unsafe { slot::<T>(data) }.set(DONE))?;
        self.reserved += 1;
        Some(waker)
    }

    /// Gives a message that came back to the next receiver, else puts it to the front.
    ///
    /// # Safety
    /// What is at `from` is the caller's to move.
    unsafe fn pass_on(&mut self, from: *const T) -> (Option<Waker>, Option<T>) {
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
    fn settle(&mut self, wakers: &mut Vec<Waker>) {
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
        wakers.extend(self.grant());
        if self.is_drained() {
            refuse_all::<T>(&mut self.receivers, |_| true, wakers);
        }
    }
}

fn refuse_all<T>(queue: &mut WaitQueue, fits: impl Fn(u32) -> bool, wakers: &mut Vec<Waker>) {
    // SAFETY: (this and the following) a slot of this channel, queued or just taken out.
    let fits = |data| fits(unsafe { slot::<T>(data) }.word());
    while let Some((waker, ())) = queue.pop_with(None, fits, |data| unsafe { slot::<T>(data) }.set(REFUSED)) {
        wakers.push(waker);
    }
}

#[inline]
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        resuming(|| contain("a waker", || waker.wake()));
    }
}

fn wake_all(wakers: Vec<Waker>) {
    if !wakers.is_empty() {
        resuming(|| wakers.into_iter().for_each(|waker| contain("a waker", || waker.wake())));
    }
}

impl<T> Channel<T> {
    /// With one handle of each kind.
    pub(super) fn new(flavor: Flavor) -> Arc<Self> {
        let state = State {
            ring: VecDeque::with_capacity(flavor.kept_ready()),
            flavor,
            reserved: 0,
            receivers: WaitQueue::new(),
            senders: WaitQueue::new(),
            end: End::Open,
            cause: None,
        };
        let one = || AtomicUsize::new(1);
        Arc::new(Channel { lock: HintedLock::new(state), flavor, senders: one(), receivers: one() })
    }

    pub(super) fn len(&self) -> usize {
        self.lock.lock().ring.len()
    }

    /// How far it has come, and why.
    pub(super) fn end(&self) -> (End, Cause) {
        let state = self.lock.lock();
        (state.end, state.cause.clone()) // a count, no user code
    }

    pub(super) fn is_ended(&self) -> bool {
        self.lock.lock().end != End::Open
    }

    /// Closes or cancels. `true` for the first.
    pub(super) fn finish(&self, to: End, cause: Cause) -> bool {
        let mut wakers = Vec::new();
        let mut left = VecDeque::new();
        let first = {
            let mut state = self.lock.lock();
            let first = state.end == End::Open;
            if state.end < to {
                state.end = to;
                if first {
                    state.cause = cause;
                }
                if to == End::Cancelled {
                    left = std::mem::take(&mut state.ring);
                    refuse_all::<T>(&mut state.senders, |_| true, &mut wakers);
                } else {
                    refuse_all::<T>(&mut state.senders, |word| word == RESERVING, &mut wakers);
                }
                if state.is_drained() {
                    refuse_all::<T>(&mut state.receivers, |_| true, &mut wakers);
                }
            }
            first
        };
        wake_all(wakers);
        left.into_iter().for_each(drop_contained);
        first
    }

    /// Sends, if that is possible now.
    pub(super) fn try_send(&self, message: T) -> Result<(), (Refusal, T)> {
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
    pub(super) fn try_recv(&self) -> Result<T, Nothing> {
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
    pub(super) fn try_recv_many(&self, into: &mut Vec<T>, most: usize) -> usize {
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
    pub(super) fn try_reserve(&self) -> Result<(), Refusal> {
        let mut state = self.lock.lock();
        if state.end != End::Open {
            return Err(Refusal::Ended);
        }
        if state.reserve() { Ok(()) } else { Err(Refusal::Full) }
    }

    /// Sends to a place that was granted. `Err` if the channel was cancelled.
    pub(super) fn send_reserved(&self, message: T) -> Result<(), T> {
        let message = ManuallyDrop::new(message);
        let mut wakers = Vec::new();
        let mut displaced = None;
        {
            let mut state = self.lock.lock();
            if state.flavor.overflow == Overflow::Suspend {
                state.reserved -= 1;
            }
            if state.end == End::Cancelled {
                return Err(ManuallyDrop::into_inner(message));
            }
            // SAFETY: the message is not touched again once it was moved.
            unsafe {
                let handed = if state.ring.is_empty() { state.hand_over(None, &raw const *message) } else { None };
                match handed {
                    Some(waker) => wakers.push(waker),
                    None => {
                        let message = (&raw const *message).read();
                        if state.flavor.overflow == Overflow::Suspend || state.has_room() {
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
    pub(super) fn release_place(&self) {
        let mut wakers = Vec::new();
        {
            let mut state = self.lock.lock();
            if state.flavor.overflow == Overflow::Suspend {
                state.reserved -= 1;
            }
            state.settle(&mut wakers);
        }
        wake_all(wakers);
    }

    /// Gives a message that was received and not taken to the next, else puts it back to the front.
    fn pass_on(&self, message: T) {
        let message = ManuallyDrop::new(message);
        // SAFETY: it is moved, and not touched again.
        let (waker, left) = unsafe { self.lock.lock().pass_on(&raw const *message) };
        wake(waker);
        left.into_iter().for_each(drop_contained);
    }

    /// Takes a waiter out. `false` if somebody was first.
    fn leave(&self, slot: Pin<&Slot<T>>, queue: fn(&mut State<T>) -> &mut WaitQueue) -> bool {
        let mut wakers = Vec::new();
        let (left, waker) = {
            let mut state = self.lock.lock();
            let queued = queue(&mut state);
            if queued.contains(slot.waiter()) {
                // SAFETY: it stands here.
                let waker = unsafe { queued.remove(slot.waiter()) };
                slot.set(IDLE);
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
    fn still_waits(
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
                (true, unsafe { queued.push_with(slot.waiter(), waker, slot.as_data()) })
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

/// One who receives.
pub(super) struct Receiving<C: Deref<Target = Channel<T>>, T> {
    channel: C,
    slot: Slot<T>,
}

impl<C: Deref<Target = Channel<T>>, T> Receiving<C, T> {
    pub(super) fn new(channel: C) -> Self {
        Receiving { channel, slot: Slot::new(MaybeUninit::uninit()) }
    }

    pub(super) fn channel(&self) -> &C {
        &self.channel
    }

    fn slot(self: Pin<&Self>) -> Pin<&Slot<T>> {
        // SAFETY: a projection to a field that is never moved out of.
        unsafe { self.map_unchecked(|this| &this.slot) }
    }

    /// Ready with a message, or with none if none will come any more. Polled again after that, it receives again.
    #[inline]
    pub(super) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.into_ref();
        let mut word = this.slot.word();
        match gate::way(cx) {
            Way::Open => {}
            Way::Elsewhere if word == QUEUED => return Poll::Pending,
            Way::Elsewhere => {
                gate::ask(cx);
                return Poll::Pending;
            }
            Way::Spent => return Poll::Pending,
        }
        if word == IDLE {
            return this.begin(cx);
        }
        if word == QUEUED {
            if this.channel.still_waits(this.slot(), |state| &mut state.receivers, cx) {
                return Poll::Pending;
            }
            word = this.slot.word();
        }
        Poll::Ready(this.end(word))
    }

    fn end(self: Pin<&Self>, word: u32) -> Option<T> {
        self.slot.set(IDLE);
        // SAFETY: `DONE` makes the message the owner's, and it is there, once.
        (word == DONE).then(|| unsafe { self.slot.read() })
    }

    #[inline]
    fn begin(self: Pin<&Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let lock = &self.channel.lock;
        if lock.hints() & FOR_RECEIVERS != 0 {
            let mut state = lock.lock();
            if let Some((message, waker)) = state.take(None) {
                drop(state);
                wake(waker);
                return Poll::Ready(Some(message));
            }
            if state.is_drained() {
                return Poll::Ready(None);
            }
        }
        self.wait(cx)
    }

    fn wait(self: Pin<&Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let own = cx.waker().clone(); // user code: not under the lock
        let mut state = self.channel.lock.lock();
        let found = state.take(None);
        if found.is_none() && !state.is_drained() {
            self.slot.word.store(QUEUED, Ordering::Relaxed);
            let slot = self.slot();
            // SAFETY: it stands nowhere; `drop` takes it out.
            let none = unsafe { state.receivers.push_with(slot.waiter(), own, slot.as_data()) };
            debug_assert!(none.is_none());
            let granted = state.grant();
            drop(state);
            wake(granted);
            return Poll::Pending;
        }
        drop(state);
        drop(own);
        let (message, waker) = found.map_or((None, None), |(message, waker)| (Some(message), waker));
        wake(waker);
        Poll::Ready(message)
    }

    /// As a clause.
    pub(super) fn poll_commit(self: Pin<&mut Self>, turn: &Turn<'_, '_>) -> Poll<()> {
        let this = self.into_ref();
        let word = this.slot.word();
        if word >= DONE {
            return Poll::Ready(());
        }
        let lock = &this.channel.lock;
        let waits = turn.ticket().filter(|_| word == IDLE);
        if waits.is_none() && lock.hints() & FOR_RECEIVERS == 0 && !turn.is_granted() {
            return Poll::Pending;
        }
        let mut state = lock.lock();
        if this.slot.word() >= DONE {
            return Poll::Ready(()); // by whoever has just let go of the lock
        }
        let found = state.take(Some(turn.own()));
        if found.is_none() && !state.is_drained() {
            let mut granted = None;
            if let Some(ticket) = waits {
                let slot = this.slot();
                slot.word.store(QUEUED, Ordering::Relaxed);
                // SAFETY: it stands nowhere; `drop` takes it out.
                unsafe { state.receivers.push_ticket(slot.waiter(), ticket, slot.as_data()) };
                granted = state.grant();
            }
            drop(state);
            wake(granted);
            return Poll::Pending;
        }
        // SAFETY: it stands here or nowhere; a ticket has no waker.
        let _none = unsafe { state.receivers.remove(this.slot().waiter()) };
        drop(state);
        match found {
            Some((message, waker)) => {
                let message = ManuallyDrop::new(message);
                // SAFETY: out of the queue, the slot is the owner's again; the message is moved.
                unsafe { this.slot.write(&raw const *message) };
                this.slot.set(DONE);
                wake(waker);
            }
            None => this.slot.set(REFUSED),
        }
        Poll::Ready(())
    }

    /// What a clause has won.
    pub(super) fn won(self: Pin<&mut Self>) -> Option<T> {
        let this = self.into_ref();
        this.end(this.slot.word())
    }
}

impl<C: Deref<Target = Channel<T>>, T> Drop for Receiving<C, T> {
    #[inline]
    fn drop(&mut self) {
        if self.slot.word() == IDLE {
            return;
        }
        // SAFETY: pinned since it was polled, and not moved after this.
        let this = unsafe { Pin::new_unchecked(&*self) };
        if this.slot.word() == QUEUED && this.channel.leave(this.slot(), |state| &mut state.receivers) {
            return;
        }
        if this.slot.word() == DONE {
            // SAFETY: `DONE` makes the message the owner's, and it is there.
            this.channel.pass_on(unsafe { this.slot.read() });
        }
    }
}

/// One who sends a message, or (without one) asks for a place.
pub(super) struct Sending<C: Deref<Target = Channel<T>>, T> {
    channel: C,
    slot: Slot<T>,
    waits_as: u32,
}

impl<C: Deref<Target = Channel<T>>, T> Sending<C, T> {
    pub(super) fn new(channel: C, message: T) -> Self {
        Sending { channel, slot: Slot::new(MaybeUninit::new(message)), waits_as: QUEUED }
    }

    pub(super) fn reserve(channel: C) -> Self {
        Sending { channel, slot: Slot::new(MaybeUninit::uninit()), waits_as: RESERVING }
    }

    pub(super) fn channel(&self) -> &C {
        &self.channel
    }

    fn slot(self: Pin<&Self>) -> Pin<&Slot<T>> {
        // SAFETY: a projection to a field that is never moved out of.
        unsafe { self.map_unchecked(|this| &this.slot) }
    }

    /// Under the lock: sends, or takes a place.
    #[inline]
    fn attempt(&self, state: &mut State<T>, but: Option<Ticket>) -> Put<T> {
        if self.waits_as == QUEUED {
            // SAFETY: the message is there: it has not been sent. If it is now, `DONE` is set.
            return self.slot.message.with(|message| unsafe { state.put(but, message.cast()) });
        }
        if state.end != End::Open {
            Put::Ended
        } else if state.reserve() {
            Put::Sent(None)
        } else {
            Put::Full
        }
    }

    /// What follows an attempt, with no lock held. `None` if there was no room.
    #[inline]
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
    #[inline]
    pub(super) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let this = self.into_ref();
        let mut word = this.slot.word();
        match gate::way(cx) {
            Way::Open => {}
            Way::Elsewhere if word == this.waits_as => return Poll::Pending,
            Way::Elsewhere => {
                gate::ask(cx);
                return Poll::Pending;
            }
            Way::Spent => return Poll::Pending,
        }
        if word == IDLE {
            return this.begin(cx);
        }
        if word == this.waits_as {
            if this.channel.still_waits(this.slot(), |state| &mut state.senders, cx) {
                return Poll::Pending;
            }
            word = this.slot.word();
        }
        Poll::Ready(word == DONE)
    }

    #[inline]
    fn begin(self: Pin<&Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let lock = &self.channel.lock;
        if lock.hints() & FOR_SENDERS != 0 {
            let put = self.attempt(&mut lock.lock(), None);
            if let Some(sent) = self.outcome(put) {
                return Poll::Ready(sent);
            }
        }
        self.wait(cx)
    }

    fn wait(self: Pin<&Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let own = cx.waker().clone(); // user code: not under the lock
        let mut state = self.channel.lock.lock();
        let put = self.attempt(&mut state, None);
        if matches!(put, Put::Full) {
            self.slot.word.store(self.waits_as, Ordering::Relaxed);
            let slot = self.slot();
            // SAFETY: it stands nowhere; `drop` takes it out.
            let none = unsafe { state.senders.push_with(slot.waiter(), own, slot.as_data()) };
            debug_assert!(none.is_none());
            return Poll::Pending;
        }
        drop(state);
        drop(own);
        Poll::Ready(self.outcome(put) == Some(true))
    }

    /// As a clause.
    pub(super) fn poll_commit(self: Pin<&mut Self>, turn: &Turn<'_, '_>) -> Poll<()> {
        let this = self.into_ref();
        let word = this.slot.word();
        if word >= DONE {
            return Poll::Ready(());
        }
        let lock = &this.channel.lock;
        let waits = turn.ticket().filter(|_| word == IDLE);
        if waits.is_none() && lock.hints() & FOR_SENDERS == 0 && !turn.is_granted() {
            return Poll::Pending;
        }
        let mut state = lock.lock();
        if this.slot.word() >= DONE {
            return Poll::Ready(()); // by whoever has just let go of the lock
        }
        let put = this.attempt(&mut state, Some(turn.own()));
        if matches!(put, Put::Full) {
            if let Some(ticket) = waits {
                let slot = this.slot();
                slot.word.store(this.waits_as, Ordering::Relaxed);
                // SAFETY: it stands nowhere; `drop` takes it out.
                unsafe { state.senders.push_ticket(slot.waiter(), ticket, slot.as_data()) };
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
        Poll::Ready(())
    }

    /// Whether a clause that has committed has sent.
    pub(super) fn won(&self) -> bool {
        self.slot.word() == DONE
    }

    /// The message of one that was refused.
    pub(super) fn take_back(self: Pin<&mut Self>) -> T {
        assert!(self.slot.word() == REFUSED && self.waits_as == QUEUED, "only what was refused comes back, once");
        self.slot.set(DONE);
        // SAFETY: the word said that the message is the owner's, and there; now it says that it is gone.
        unsafe { self.slot.read() }
    }
}

impl<C: Deref<Target = Channel<T>>, T> Drop for Sending<C, T> {
    #[inline]
    fn drop(&mut self) {
        if self.slot.word() == DONE && self.waits_as == QUEUED {
            return;
        }
        self.give_up();
    }
}

impl<C: Deref<Target = Channel<T>>, T> Sending<C, T> {
    /// Dropped before it has sent, or with a place.
    #[cold]
    fn give_up(&mut self) {
        // SAFETY: pinned if it was polled, and not moved after this.
        let this = unsafe { Pin::new_unchecked(&*self) };
        if this.slot.word() == this.waits_as {
            this.channel.leave(this.slot(), |state| &mut state.senders);
        }
        let done = this.slot.word() == DONE;
        if this.waits_as == RESERVING {
            if done {
                this.channel.release_place(); // granted, and nobody has it
            }
        } else if !done {
            // SAFETY: not sent, and not waiting any more: the message is the owner's, and there.
            drop_contained(unsafe { this.slot.read() });
        }
    }

    /// The place that was granted is the caller's now.
    pub(super) fn keep_place(&self) {
        self.slot.set(IDLE);
    }
}
