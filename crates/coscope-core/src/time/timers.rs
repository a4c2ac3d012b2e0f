//! [`Timers`], wheels behind locks, and [`Timer`], the entry that lives in the waiting future.
//!
//! Wakers are user code: they are cloned, woken and dropped with no lock held. Who may touch what:
//!
//! | field | touched by | under |
//! |---|---|---|
//! | `Timer::home` | `poll`, `clear`, `drop` | the timer's gate (in `drop`, exclusive access) |
//! | `Timer::entry`, `home` is `None` | `poll` | the gate |
//! | `Timer::entry`, `home` is `Some` | also `Timers::fire` | the lock of the home shard |
//!
//! The gate is taken before the shard's lock. An entry that has a home and is not linked has fired.
//! `fire` itself is written in `dispatch`, which knows how to resume. May import `primitive`,
//! `unwind`, and here `wheel`, `clock`, `instant`.

use std::fmt;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::wheel::{Entry, Wheel};
use super::{Clock, Instant};
use crate::primitive::{AtomicBool, AtomicU64, Mutex, Ordering, UnsafeCell, spin_loop};
use crate::unwind::contain;

/// How many wakers are taken out under one hold of a lock.
const BATCH: usize = 16;
const NEVER: u64 = u64::MAX;

/// The timers of one clock.
///
/// With one shard they fire in the exact order of deadline, then of registration; with several,
/// which threads share out between them, that holds within each shard.
pub struct Timers {
    shards: Box<[Shard]>,
    /// No later than the earliest deadline that nobody who sleeps on the clock has been told of.
    ///
    /// Whoever looks for the next deadline sets it to "never" *before* it looks into the shards, and
    /// lowers it to what it found afterwards; whoever inserts lowers it *after* having inserted. So
    /// an insert that the search has missed finds it high, lowers it and calls `wake_by`.
    announced: AtomicU64,
}

#[repr(align(128))]
struct Shard(Mutex<Wheel>);

impl Timers {
    /// Timers in `shards` wheels, at least one.
    pub fn new(shards: usize) -> Arc<Timers> {
        let shards = (0..shards.max(1)).map(|_| Shard(Mutex::new(Wheel::new()))).collect();
        Arc::new(Timers { shards, announced: AtomicU64::new(NEVER) })
    }

    /// The earliest deadline, if there is a timer.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.announced.store(NEVER, Ordering::SeqCst);
        let next = self.shards.iter().filter_map(|shard| shard.0.lock().next_deadline()).min();
        self.announce_found(next)
    }

    /// An instant no later than the earliest deadline, without a lock; `FAR_FUTURE` if there is none.
    #[inline]
    pub fn earliest_hint(&self) -> Instant {
        Instant::from_nanos(self.announced.load(Ordering::SeqCst))
    }

    /// How many timers wait.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.0.lock().len()).sum()
    }

    /// Whether no timer waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Wakes what is due, about `most` in each shard, in batches with no lock held, and returns the next
    /// deadline, which may have passed.
    ///
    /// The thread's own shard comes first. One that is locked is passed by, and counts as due, unless all
    /// are wanted.
    pub(crate) fn wake_due(&self, now: Instant, most: usize) -> Option<Instant> {
        self.announced.store(NEVER, Ordering::SeqCst);
        let (before, from) = self.shards.split_at(self.own_shard());
        let next = from.iter().chain(before).filter_map(|shard| shard.wake_due(now.as_nanos(), most)).min();
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
        if self.shards.len() == 1 { 0 } else { thread_number() % self.shards.len() }
    }
}

impl Shard {
    fn wake_due(&self, now: u64, most: usize) -> Option<u64> {
        let mut left = most;
        loop {
            let mut batch = [const { None }; BATCH];
            {
                let all = most == usize::MAX;
                let wheel = if all { Some(self.0.lock()) } else { self.0.try_lock() };
                let Some(mut wheel) = wheel else { return Some(now) };
                for place in batch.iter_mut().take(left) {
                    let Some(entry) = wheel.pop_due(now) else { break };
                    // SAFETY: under the lock of its home shard; `pop_due` returns valid entries, and
                    // the timer cannot go before its drop has had this lock.
                    *place = unsafe { (*entry.as_ptr()).waker.take() };
                }
                if batch[0].is_none() {
                    return wheel.next_deadline();
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
pub struct Timer {
    /// Held while `home` is looked at or changed; no user code runs meanwhile.
    gate: AtomicBool,
    /// Whether there is a home, for those who ask without the gate.
    armed: AtomicBool,
    home: UnsafeCell<Option<Home>>,
    entry: UnsafeCell<Entry>,
    _pinned: PhantomPinned,
}

/// Where a timer is armed. It keeps its wheel alive, whatever its clock does.
struct Home {
    timers: Arc<Timers>,
    shard: usize,
}

// SAFETY: `home` and `entry` are touched under the gate and the shard's lock, as the table above has
// it; what they hold (wakers, an `Arc<Timers>`) is `Send`.
unsafe impl Send for Timer {}
// SAFETY: as above.
unsafe impl Sync for Timer {}

/// What a look at the timer, under its locks, came to.
enum Look {
    Ready,
    Pending,
    /// Inserted just now.
    Armed,
    /// A clone of the waker is needed, which may not be made under a lock.
    NeedsWaker,
}

impl Timer {
    /// A timer that is not armed.
    pub fn new() -> Timer {
        Timer {
            gate: AtomicBool::new(false),
            armed: AtomicBool::new(false),
            home: UnsafeCell::new(None),
            entry: UnsafeCell::new(Entry::new()),
            _pinned: PhantomPinned,
        }
    }

    /// Arms the timer for `deadline` at the first call, renews the waker at later ones; ready once it
    /// has fired. Called with another deadline or another clock's timers, it arms anew.
    ///
    /// It does not ask what time it is: a deadline that has passed fires when the clock next does.
    /// [`Instant::FAR_FUTURE`] never comes, and costs nothing.
    pub fn poll(self: Pin<&Self>, clock: &Arc<dyn Clock>, deadline: Instant, waker: &Waker) -> Poll<()> {
        if deadline == Instant::FAR_FUTURE {
            self.clear();
            return Poll::Pending;
        }
        let timers = clock.timers();
        // what is in here at the end, perhaps the former waker, is dropped with no lock held
        let mut spare = (!self.armed.load(Ordering::Relaxed)).then(|| waker.clone());
        loop {
            match self.look(timers, deadline.as_nanos(), waker, &mut spare) {
                Look::Ready => return Poll::Ready(()),
                Look::Pending => return Poll::Pending,
                Look::NeedsWaker => spare = Some(waker.clone()),
                Look::Armed => {
                    if timers.announce(deadline.as_nanos()) {
                        clock.wake_by(deadline);
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Takes the timer out of its clock. It can be armed again.
    pub fn clear(self: Pin<&Self>) {
        if !self.armed.load(Ordering::Relaxed) {
            return;
        }
        let gate = self.enter();
        let leftovers = self.disarm();
        drop(gate);
        drop(leftovers);
    }

    fn look(&self, timers: &Arc<Timers>, deadline: u64, waker: &Waker, spare: &mut Option<Waker>) -> Look {
        let mut _elsewhere = None; // dropped after the gate
        let _gate = self.enter();
        let entry = self.entry();
        // SAFETY: under the gate.
        let mut home = self.home.with(|home| unsafe { (*home).as_ref() });
        if home.is_none_or(|home| !Arc::ptr_eq(&home.timers, timers)) {
            if spare.is_none() {
                return Look::NeedsWaker;
            }
            _elsewhere = Some(self.disarm());
            home = None;
        }
        let first = home.is_none();
        let shard = home.map_or_else(|| timers.own_shard(), |home| home.shard);
        let mut wheel = timers.shards[shard].0.lock();
        // SAFETY: under the lock of the shard which is, or becomes below, its home.
        let this = unsafe { &mut *entry.as_ptr() };
        let same = !first && this.deadline() == deadline;
        if same && !this.is_linked() {
            return Look::Ready;
        }
        if !this.waker.as_ref().is_some_and(|old| old.will_wake(waker)) {
            if spare.is_none() {
                return Look::NeedsWaker;
            }
            std::mem::swap(&mut this.waker, spare);
        }
        if same {
            return Look::Pending;
        }
        if this.is_linked() {
            // SAFETY: it is linked, and into its home, whose lock is held.
            unsafe { wheel.remove(entry) };
        }
        // SAFETY: the timer is pinned, and its drop takes the entry out first; only `Timers` and
        // this timer touch the entry, under this lock.
        unsafe { wheel.insert(entry, deadline) };
        if first {
            // SAFETY: under the gate; the reference above has been given up.
            self.home.with_mut(|home| unsafe { *home = Some(Home { timers: timers.clone(), shard }) });
            self.armed.store(true, Ordering::Relaxed);
        }
        Look::Armed
    }

    /// Takes the entry out of its home, if it has one. Under the gate, or with exclusive access.
    /// What it returns is for the caller to drop with nothing held.
    fn disarm(&self) -> (Option<Home>, Option<Waker>) {
        // SAFETY: the caller holds the gate or has the timer to itself.
        let Some(home) = self.home.with_mut(|home| unsafe { (*home).take() }) else { return (None, None) };
        self.armed.store(false, Ordering::Relaxed);
        let entry = self.entry();
        let mut wheel = home.timers.shards[home.shard].0.lock();
        // SAFETY: under the lock of its home shard; if linked, then into that.
        let waker = unsafe {
            if (*entry.as_ptr()).is_linked() {
                wheel.remove(entry);
            }
            (*entry.as_ptr()).waker.take()
        };
        drop(wheel);
        (Some(home), waker)
    }

    fn entry(&self) -> NonNull<Entry> {
        self.entry.with_mut(|entry| NonNull::new(entry).expect("a cell has an address"))
    }

    fn enter(&self) -> Gate<'_> {
        while self.gate.swap(true, Ordering::Acquire) {
            spin_loop(); // two threads poll one timer: legal, pointless, and short
        }
        Gate(&self.gate)
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

struct Gate<'a>(&'a AtomicBool);

impl Drop for Gate<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
#[path = "timers_test.rs"]
mod test;
