//! [`Timers`], wheels behind locks, and [`Timer`], the entry that lives in the waiting future.
//!
//! Wakers are user code: they are cloned, woken and dropped with no lock held. Who may touch what:
//!
//! | field | touched by | under |
//! |---|---|---|
//! | `Timer::home` | `poll`, `clear`, `drop` | exclusive access to the timer |
//! | `Timer::entry`, `home` is `None` | the same | the same |
//! | `Timer::entry`, `home` is `Some` | also `Timers::fire` | the lock of the home shard |
//!
//! An entry that has a home and is not linked has fired. Its owner then gives up the home and marks the
//! entry as spent, so that it is not locked for again.
//!
//! A shard is kept by its `Timers` and by each timer that has its home there, which all have its lock when they
//! come and when they go: they are counted under it, not beside it.
//!
//! `fire` itself is written in `dispatch`, which knows how to resume. May import `primitive`,
//! `unwind`, and here `wheel`, `clock`, `instant`.

use std::fmt;
use std::marker::PhantomPinned;
use std::ops::Deref;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::wheel::{Entry, Wheel};
use super::{Clock, Instant};
use crate::primitive::{AtomicU64, Counter, Mutex, MutexGuard, Ordering, UnsafeCell};
use crate::unwind::contain;

/// How many wakers are taken out under one hold of a lock.
const BATCH: usize = 16;
const NEVER: u64 = u64::MAX;

/// The timers of one clock.
///
/// With one shard they fire in the exact order of deadline, then of registration; with several,
/// which threads share out between them, that holds within each shard.
///
/// ```
/// # use coscope_core::time::{Clock, Instant, Timer, Timers};
/// # use std::{pin::pin, sync::Arc, task::{Poll, Waker}};
/// # struct Still(Arc<Timers>);
/// # impl Clock for Still {
/// #     fn now(&self) -> Instant { Instant::ZERO }
/// #     fn timers(&self) -> &Arc<Timers> { &self.0 }
/// #     fn wake_by(&self, _deadline: Instant) {}
/// # }
/// let clock = Still(Timers::new(1)); // a clock for tests
/// let mut timer = pin!(Timer::new());
/// let noon = Instant::from_nanos(12);
/// assert_eq!(timer.as_mut().poll(&clock, noon, Waker::noop()), Poll::Pending);
/// assert_eq!(clock.timers().next_deadline(), Some(noon));
/// assert_eq!(clock.timers().fire(noon), None); // nothing is left
/// assert_eq!(timer.as_mut().poll_again(Waker::noop()), Poll::Ready(()));
/// ```
pub struct Timers {
    /// As many as a power of two.
    shards: Box<[Home]>,
    /// Unlike all others'.
    number: u64,
    /// No later than the earliest deadline that nobody who sleeps on the clock has been told of.
    ///
    /// Whoever looks for the next deadline sets it to "never" *before* it looks into the shards, and
    /// lowers it to what it found afterwards; whoever inserts lowers it *after* having inserted. So
    /// an insert that the search has missed finds it high, lowers it and calls `wake_by`.
    announced: AtomicU64,
}

#[repr(align(128))]
struct Shard {
    ward: Mutex<Ward>,
    /// That of its `Timers`.
    number: u64,
}

/// What the lock of a shard guards.
struct Ward {
    wheel: Wheel,
    /// Who keeps the shard: its `Timers`, and the timers that have their home there.
    keepers: usize,
}

/// A shard, for one who keeps it.
#[derive(Clone, Copy)]
struct Home(NonNull<Shard>);

// SAFETY: it is a reference to a shard, which is shared between threads.
unsafe impl Send for Home {}
// SAFETY: as above.
unsafe impl Sync for Home {}

impl Home {
    /// A shard, kept by who makes it.
    fn new(number: u64) -> Home {
        let ward = Mutex::new(Ward { wheel: Wheel::new(), keepers: 1 });
        Home(NonNull::from(Box::leak(Box::new(Shard { ward, number }))))
    }

    /// A keeper goes.
    fn leave(self, mut ward: MutexGuard<'_, Ward>) {
        ward.keepers -= 1;
        let was_last = ward.keepers == 0;
        drop(ward);
        if was_last {
            // SAFETY: made in `new`; its keepers come and go under the lock, and the last has gone.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

impl Deref for Home {
    type Target = Shard;
    fn deref(&self) -> &Shard {
        // SAFETY: whoever has it is counted as a keeper, so it is not freed.
        unsafe { self.0.as_ref() }
    }
}

impl Timers {
    /// Timers in `shards` wheels, at least one; the next power of two.
    ///
    /// ```
    /// assert!(coscope_core::time::Timers::new(4).is_empty());
    /// ```
    pub fn new(shards: usize) -> Arc<Timers> {
        static NUMBERS: Counter = Counter::new(1);
        let number = NUMBERS.next();
        let shards = (0..shards.next_power_of_two()).map(|_| Home::new(number)).collect();
        Arc::new(Timers { shards, number, announced: AtomicU64::new(NEVER) })
    }

    /// The earliest deadline, if there is a timer.
    ///
    /// ```
    /// # use coscope_core::time::{Instant, Timers};
    /// assert_eq!(Timers::new(1).next_deadline(), None);
    /// ```
    pub fn next_deadline(&self) -> Option<Instant> {
        self.announced.store(NEVER, Ordering::SeqCst);
        let next = self.shards.iter().filter_map(|shard| shard.ward.lock().wheel.next_deadline()).min();
        self.announce_found(next)
    }

    /// An instant no later than the earliest deadline, if there is a timer. For a sleeper on a real clock:
    /// it is found at once, also among a million timers, and should it be the deadline of one that has been
    /// cancelled, there is nothing to fire then.
    ///
    /// ```
    /// # use coscope_core::time::{Instant, Timers};
    /// assert_eq!(Timers::new(1).next_look(), None);
    /// ```
    pub fn next_look(&self) -> Option<Instant> {
        self.announced.store(NEVER, Ordering::SeqCst);
        let next = self.shards.iter().filter_map(|shard| shard.ward.lock().wheel.next_look()).min();
        self.announce_found(next)
    }

    /// An instant no later than the earliest deadline, without a lock; `FAR_FUTURE` if there is none.
    ///
    /// ```
    /// # use coscope_core::time::{Instant, Timers};
    /// assert_eq!(Timers::new(1).earliest_hint(), Instant::FAR_FUTURE);
    /// ```
    #[inline]
    pub fn earliest_hint(&self) -> Instant {
        Instant::from_nanos(self.announced.load(Ordering::SeqCst))
    }

    /// How many timers wait.
    ///
    /// ```
    /// assert_eq!(coscope_core::time::Timers::new(1).len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.ward.lock().wheel.len()).sum()
    }

    /// Whether no timer waits.
    ///
    /// ```
    /// assert!(coscope_core::time::Timers::new(1).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Wakes what is due, about `most`, in equal shares from each shard, in batches with no lock held, and
    /// returns an instant no later than the next deadline, which may have passed.
    ///
    /// The thread's own shard comes first. One that is locked is passed by, and counts as due, unless all
    /// are wanted.
    pub(crate) fn wake_due(&self, now: Instant, most: usize) -> Option<Instant> {
        self.announced.store(NEVER, Ordering::SeqCst);
        let share = if most == usize::MAX { most } else { most.div_ceil(self.shards.len()) };
        let (before, from) = self.shards.split_at(self.own_shard());
        let next = from.iter().chain(before).filter_map(|shard| shard.wake_due(now.as_nanos(), share)).min();
        self.announce_found(next)
    }

    fn announce_found(&self, next: Option<u64>) -> Option<Instant> {
        let next = next?;
        self.announced.fetch_min(next, Ordering::SeqCst);
        Some(Instant::from_nanos(next))
    }

    /// Whether a sleeper must be told of `deadline`, which has just been inserted.
    fn announce(&self, deadline: u64) -> bool {
        deadline < self.announced.load(Ordering::SeqCst)
            && deadline < self.announced.fetch_min(deadline, Ordering::SeqCst)
    }

    fn own_shard(&self) -> usize {
        let others = self.shards.len() - 1;
        if others == 0 { 0 } else { thread_number() & others }
    }
}

impl Drop for Timers {
    fn drop(&mut self) {
        self.shards.iter().for_each(|home| home.leave(home.ward.lock()));
    }
}

impl Shard {
    fn wake_due(&self, now: u64, most: usize) -> Option<u64> {
        let mut left = most;
        loop {
            let mut batch = [const { None }; BATCH];
            {
                let all = most == usize::MAX;
                let ward = if all { Some(self.ward.lock()) } else { self.ward.try_lock() };
                let Some(mut ward) = ward else { return Some(now) };
                let wheel = &mut ward.wheel;
                for place in batch.iter_mut().take(left) {
                    let Some(entry) = wheel.pop_due(now) else { break };
                    // SAFETY: under the lock of its home shard; `pop_due` returns valid entries, and
                    // the timer cannot go before its drop has had this lock.
                    *place = unsafe { (*entry.as_ptr()).take_waker() };
                }
                if batch[0].is_none() {
                    return wheel.next_look();
                }
            }
            left = left.saturating_sub(BATCH);
            for waker in batch.into_iter().flatten() {
                contain("a timer's waker", || waker.wake());
            }
        }
    }
}

/// A small number for each thread, for choosing a shard.
fn thread_number() -> usize {
    static NEXT: std::sync::Mutex<usize> = std::sync::Mutex::new(0);
    std::thread_local!(static NUMBER: usize = {
        let mut next = NEXT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *next += 1;
        *next - 1
    });
    NUMBER.try_with(|number| *number).unwrap_or(0)
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers").field("shards", &self.shards.len()).field("len", &self.len()).finish()
    }
}

/// One wait for an instant of a clock: the intrusive entry that lives, pinned, in the waiting future.
///
/// See [`Timers`] for an example.
pub struct Timer {
    /// Where it is armed. It keeps its wheel alive, whatever its clock does.
    home: Option<Home>,
    entry: UnsafeCell<Entry>,
    _pinned: PhantomPinned,
}

// SAFETY: `entry` is touched as the table above has it; what it holds, a waker, is `Send`.
unsafe impl Send for Timer {}
// SAFETY: as above; a shared reference gives access to nothing.
unsafe impl Sync for Timer {}

impl Timer {
    /// A timer that is not armed.
    ///
    /// See [`Timers`] for an example.
    pub fn new() -> Timer {
        Timer::with_note(0)
    }

    /// A timer that is not armed, and keeps a note until it is.
    pub(crate) fn with_note(note: u64) -> Timer {
        Timer { home: None, entry: UnsafeCell::new(Entry::new(note)), _pinned: PhantomPinned }
    }

    /// The note, as long as it has never been armed; from then on the deadline.
    pub(crate) fn note(&self) -> u64 {
        let _ward = self.home.as_ref().map(|home| home.ward.lock());
        // SAFETY: under the lock of its home, or its own.
        unsafe { self.entry().as_ref() }.deadline()
    }

    /// Arms the timer for `deadline` at the first call, renews the waker at later ones; ready once it
    /// has fired. Called with another deadline or another clock's timers, it arms anew.
    ///
    /// It does not ask what time it is: a deadline that has passed fires when the clock next does.
    /// [`Instant::FAR_FUTURE`] never comes, and costs nothing.
    ///
    /// See [`Timers`] for an example.
    pub fn poll(mut self: Pin<&mut Self>, clock: &dyn Clock, deadline: Instant, waker: &Waker) -> Poll<()> {
        if deadline == Instant::FAR_FUTURE {
            self.clear();
            return Poll::Pending;
        }
        let timers = clock.timers();
        // SAFETY: nothing is moved out of it.
        let this = unsafe { self.as_mut().get_unchecked_mut() };
        if this.was_armed() {
            if this.is_armed_for(timers, deadline) {
                return self.poll_again(waker);
            }
            drop(this.disarm());
        }
        this.arm(timers, deadline.as_nanos(), waker.clone());
        if timers.announce(deadline.as_nanos()) {
            clock.wake_by(deadline);
        }
        Poll::Pending
    }

    /// Whether it is armed so, or has fired so.
    fn is_armed_for(&self, timers: &Timers, deadline: Instant) -> bool {
        let entry = self.entry();
        let deadline = deadline.as_nanos();
        match &self.home {
            Some(home) => {
                let _ward = home.ward.lock();
                // SAFETY: under the lock of its home.
                home.number == timers.number && unsafe { entry.as_ref() }.deadline() == deadline
            }
            None => {
                // SAFETY: it has no home, so the entry is the timer's own.
                let entry = unsafe { entry.as_ref() };
                entry.spent() == Some(timers.number) && entry.deadline() == deadline
            }
        }
    }

    /// Whether it is armed, or has fired.
    ///
    /// See [`Timers`] for an example.
    #[inline]
    pub fn was_armed(&self) -> bool {
        // SAFETY: it has no home, so the entry is the timer's own.
        self.home.is_some() || unsafe { self.entry().as_ref() }.spent().is_some()
    }

    /// As [`poll`](Self::poll) with the clock and the deadline of the last call. One that is not armed
    /// is never ready.
    ///
    /// See [`Timers`] for an example.
    pub fn poll_again(self: Pin<&mut Self>, waker: &Waker) -> Poll<()> {
        // SAFETY: nothing is moved out of it.
        let this = unsafe { self.get_unchecked_mut() };
        let entry = this.entry();
        let Some(home) = this.home else {
            // SAFETY: it has no home, so the entry is the timer's own.
            let spent = unsafe { entry.as_ref() }.spent().is_some();
            return if spent { Poll::Ready(()) } else { Poll::Pending };
        };
        // dropped, like a former waker, with no lock held
        let mut spare = None;
        loop {
            let ward = home.ward.lock();
            // SAFETY: under the lock of its home.
            let own = unsafe { &mut *entry.as_ptr() };
            if !own.is_linked() {
                own.spend(home.number);
                this.home = None;
                home.leave(ward);
                return Poll::Ready(());
            }
            if own.wakes(waker) {
                return Poll::Pending;
            }
            if let Some(new) = spare.take() {
                let former = own.take_waker();
                own.set_waker(new);
                drop(ward);
                drop(former);
                return Poll::Pending;
            }
            drop(ward);
            spare = Some(waker.clone());
        }
    }

    /// Takes the timer out of its clock. It can be armed again.
    ///
    /// See [`Timers`] for an example.
    pub fn clear(self: Pin<&mut Self>) {
        // SAFETY: nothing is moved out of it.
        drop(unsafe { self.get_unchecked_mut() }.disarm());
    }

    /// Inserts the entry, which has no home.
    fn arm(&mut self, timers: &Timers, deadline: u64, waker: Waker) {
        let entry = self.entry();
        let home = *self.home.insert(timers.shards[timers.own_shard()]);
        let mut ward = home.ward.lock();
        ward.keepers += 1;
        // SAFETY: the timer is pinned, and its drop takes the entry out first; from here on it is touched
        // under the lock of this wheel only.
        unsafe { ward.wheel.insert(entry, deadline, waker) };
    }

    /// Takes the entry out of its home, if it has one. What it returns is for the caller to drop, with
    /// no lock held.
    fn disarm(&mut self) -> Option<Waker> {
        let entry = self.entry();
        if let Some(home) = self.home.take() {
            let mut ward = home.ward.lock();
            // SAFETY: under the lock of its home; if linked, then into that.
            unsafe {
                if entry.as_ref().is_linked() {
                    ward.wheel.remove(entry);
                }
            }
            home.leave(ward);
        }
        // SAFETY: it has no home, so the entry is the timer's own.
        unsafe { (*entry.as_ptr()).renew() }
    }

    fn entry(&self) -> NonNull<Entry> {
        self.entry.with_mut(|entry| NonNull::new(entry).expect("a cell has an address"))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        drop(self.disarm());
    }
}

impl Default for Timer {
    fn default() -> Self {
        Timer::new()
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
#[path = "timers_test.rs"]
mod test;
