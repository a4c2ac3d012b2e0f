//! [`Pool`]: the queues and threads that Default and IO share.
//!
//! CPU steps lie in lanes and need a permit; blocking steps lie in one queue and need none. What is
//! done about them is said here; who does it, and when, in `worker`. Imports `state`, `park`,
//! `idle`, `lane`, `local`, `builder`, `watch`; the bodies of its threads are handed in from above.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Weak};
use std::thread::Thread;
use std::time::Duration;

use coscope_core::dispatch::{Runnable, keep_permit, leave_places, may_exchange};
use coscope_core::primitive::{AtomicBool, AtomicU64, Mutex, Ordering};
use coscope_core::time::{Instant, Timers};
use crossbeam_deque::{Injector, Steal};

use crate::builder::Builder;
use crate::idle::{Idle, Notified};
use crate::lane::Lanes;
use crate::local::Local;
use crate::park::Signal;
use crate::watch::Watch;

/// A pool of threads with CPU permits, which also serve blocking work without.
///
/// ```
/// let pool = coscope_scheduler::Builder::new().parallelism(2).build();
/// assert_eq!(pool.cpu().name(), "Dispatchers.Default");
/// assert_eq!(pool.metrics().cpu_permits_free, 2);
/// ```
pub struct Pool {
    me: Weak<Pool>,
    bodies: Bodies,
    pub(crate) options: Builder,
    pub(crate) idle: Idle,
    pub(crate) lanes: Lanes,
    blocking: Injector<Runnable>,
    pub(crate) watch: Watch,
    pub(crate) timers: Arc<Timers>,
    /// How often workers have fired timers: the watch leaves it to them.
    pub(crate) firings: AtomicU64,
    /// Steps take so long that timers are to be looked at before each. Set by the watch.
    pub(crate) steps_last: AtomicBool,
    /// The earliest instant at which a parked thread will wake by itself.
    kept: AtomicU64,
    numbers: Mutex<Numbers>,
    /// Threads could not be started: the watch tries again.
    pub(crate) short_of_threads: AtomicBool,
    warned: AtomicBool,
    pub(crate) retired: AtomicU64,
}

/// What the threads run. Written above, in terms of the pool.
pub(crate) struct Bodies {
    pub(crate) worker: fn(&Arc<Pool>, Signal),
    pub(crate) watchman: fn(&Arc<Pool>),
}

/// The numbers that threads are named by: the least that is free.
#[derive(Default)]
struct Numbers {
    free: BTreeSet<usize>,
    used: usize,
}

thread_local! {
    /// The pool that this thread works for.
    static OWN: RefCell<Option<Arc<Pool>>> = const { RefCell::new(None) };
    /// The number in the name of this thread, as long as it is its own.
    static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
}

impl Pool {
    pub(crate) fn new(options: Builder, bodies: Bodies) -> Arc<Self> {
        let permits = options.permits;
        Arc::new_cyclic(|me| Pool {
            me: me.clone(),
            bodies,
            idle: Idle::new(permits),
            lanes: Lanes::new(permits),
            blocking: Injector::new(),
            watch: Watch::new(),
            timers: Timers::new(permits.next_power_of_two().min(16)),
            firings: AtomicU64::new(0),
            steps_last: AtomicBool::new(false),
            kept: AtomicU64::new(u64::MAX),
            numbers: Mutex::new(Numbers::default()),
            short_of_threads: AtomicBool::new(false),
            warned: AtomicBool::new(false),
            retired: AtomicU64::new(0),
            options,
        })
    }

    pub(crate) fn shared(&self) -> Arc<Pool> {
        self.me.upgrade().expect("a pool is used through an Arc of it")
    }

    /// What threads know their pool by.
    #[inline]
    pub(crate) fn key(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    // --- CPU steps ---

    /// Queues a CPU step: into the lane of the calling thread if it holds a permit, else for all.
    #[inline]
    pub(crate) fn dispatch_cpu(&self, step: Runnable) {
        let mut step = Some(step);
        let displaced = Local::with(|local| {
            if !local.works_for(self.key()) {
                return None;
            }
            local.with_permit(|permit| {
                let step = step.take().expect("it is taken once");
                if self.watch.is_on() {
                    self.lanes.push_newest(permit, step)
                } else {
                    // nobody would notice that it gets stale
                    self.lanes.push_own(permit, step);
                    true
                }
            })
        });
        match displaced.flatten() {
            Some(false) => return, // this thread reaches it next; if not, the watch will see
            Some(true) => {}
            None => self.lanes.push_global(step.take().expect("no lane has taken it")),
        }
        self.notify_cpu();
    }

    /// Queues a CPU step behind all others: of the lane, if the calling thread holds a permit and the
    /// watch is on, which has idle threads come for their share; else of the pool.
    pub(crate) fn dispatch_cpu_last(&self, step: Runnable) {
        let mut step = Some(step);
        let _ = Local::with(|local| self.dispatch_last(local, step.take().expect("it is taken once")));
        if let Some(step) = step {
            self.push_for_all(step);
        }
    }

    /// As [`dispatch_cpu_last`](Self::dispatch_cpu_last), for a thread with what it holds.
    #[inline]
    pub(crate) fn dispatch_last(&self, local: &Local, step: Runnable) {
        let mut step = Some(step);
        if self.watch.is_on() && local.works_for(self.key()) {
            local.with_permit(|permit| {
                self.lanes.push_yielded(permit, step.take().expect("it is taken once"));
            });
        }
        if let Some(step) = step {
            self.push_for_all(step);
        }
    }

    #[cold]
    fn push_for_all(&self, step: Runnable) {
        self.lanes.push_global(step);
        self.notify_cpu();
    }

    #[inline]
    pub(crate) fn notify_cpu(&self) {
        if self.idle.notify_cpu() == Notified::Start {
            self.start_worker(Signal::Search);
        }
    }

    // --- blocking steps ---

    /// Queues a blocking step, and finds a thread for it.
    pub(crate) fn dispatch_blocking(&self, step: Runnable) {
        self.blocking.push(step);
        self.notify_blocking();
    }

    /// Queues the blocking step that the running one ends with: this thread comes by right away.
    pub(crate) fn dispatch_blocking_last(&self, step: Runnable) {
        let comes_by = Local::with(|local| {
            local.works_for(self.key()) && local.in_step.get() && may_exchange() && !local.has_permit.get()
        });
        self.blocking.push(step);
        if comes_by != Some(true) {
            self.notify_blocking();
        }
    }

    pub(crate) fn notify_blocking(&self) {
        if self.idle.notify_blocking(|| self.blocking_queued()) == Notified::Start {
            self.start_worker(Signal::Arrive);
        }
    }

    /// A thread that was sent for has looked for a blocking step.
    pub(crate) fn arrived(&self) {
        if self.idle.arrived(|| self.blocking_queued()) == Notified::Start {
            self.start_worker(Signal::Arrive);
        }
    }

    pub(crate) fn pop_blocking(&self) -> Option<Runnable> {
        if self.blocking.is_empty() {
            return None;
        }
        loop {
            match self.blocking.steal() {
                Steal::Success(step) => return Some(step),
                Steal::Empty => return None,
                Steal::Retry => std::hint::spin_loop(),
            }
        }
    }

    pub(crate) fn has_blocking(&self) -> bool {
        !self.blocking.is_empty()
    }

    pub(crate) fn blocking_queued(&self) -> usize {
        self.blocking.len()
    }

    /// Whether a thread about to sleep would find something to do.
    pub(crate) fn has_work(&self) -> bool {
        self.has_blocking() || (self.idle.state.load().free() > 0 && self.lanes.has_work())
    }

    // --- permits ---

    /// Takes a permit between steps.
    pub(crate) fn acquire(&self, local: &Local) -> bool {
        let granted = self.idle.state.acquire();
        if granted {
            self.take_up(local);
        }
        granted
    }

    fn take_up(&self, local: &Local) {
        local.take_up(self.lanes.take_permit(local.lane.get()));
        if !self.watch.is_on() {
            self.turn_watch_on();
        }
    }

    /// Gives the permit back between steps; the caller then looks at all queues.
    pub(crate) fn release(&self, local: &Local) {
        if let Some(permit) = local.lay_down() {
            self.lanes.put_permit(permit);
            self.idle.state.release();
        }
    }

    /// Gives the permit back in the middle of a step, or for a blocking one. `false` if there is none.
    pub(crate) fn release_in_step(&self, local: &Local) -> bool {
        let Some(permit) = local.lay_down() else { return false };
        let left = self.lanes.put_permit(permit);
        self.idle.state.release_in_step();
        local.blocked.set(true);
        // What others queued while no permit was free, they reach themselves; the watch looks after them.
        if left || !self.lanes.global_is_empty() || (!self.watch.is_on() && self.lanes.has_work()) {
            self.notify_cpu();
        }
        true
    }

    /// Takes a permit in the middle of a step that runs without.
    fn acquire_in_step(&self, local: &Local) -> bool {
        let granted = self.idle.state.acquire_in_step();
        if granted {
            self.take_up(local);
            local.blocked.set(false);
        }
        granted
    }

    /// Lets the running step go on under a CPU permit (`cpu`) or without one.
    pub(crate) fn exchange(&self, cpu: bool) -> bool {
        Local::with(|local| {
            if !local.works_for(self.key()) || !local.in_step.get() || !may_exchange() {
                return false;
            }
            if cpu {
                if !local.has_permit.get() && !self.acquire_in_step(local) {
                    return false;
                }
            } else {
                self.release_in_step(local);
            }
            local.exchanged.set(true);
            leave_places();
            true
        })
        .unwrap_or(false)
    }

    /// After a step: what it has exchanged is put in order again.
    pub(crate) fn settle(&self, local: &Local) {
        if local.exchanged.replace(false) {
            leave_places();
        }
        if local.blocked.replace(false) {
            self.idle.state.end_blocking();
        }
    }

    /// Runs `f`, which blocks the thread, without the permit that the thread may hold.
    pub(crate) fn blocking<R>(&self, local: &Local, f: impl FnOnce() -> R) -> R {
        struct Return<'a>(&'a Pool, &'a Local);
        impl Drop for Return<'_> {
            fn drop(&mut self) {
                // if none is free, the step goes on without, and counts as blocking to its end
                let _ = self.0.acquire_in_step(self.1);
            }
        }
        self.release_in_step(local);
        let _return = Return(self, local);
        keep_permit(f)
    }

    // --- timers ---

    /// Fires what is due, about `most` timers. Costs one load if there is nothing.
    pub(crate) fn fire_due(&self, most: usize) {
        let earliest = self.timers.earliest_hint();
        if earliest != Instant::FAR_FUTURE {
            let now = Instant::system_now();
            if earliest <= now {
                self.firings.fetch_add(1, Ordering::Relaxed);
                self.timers.fire_some(now, most);
            }
        }
    }

    /// Makes the calling thread, which is about to park, wake for the next timer, if no other will.
    pub(crate) fn keep_time(&self) -> Option<Instant> {
        let earliest = self.timers.earliest_hint();
        let keeps = earliest != Instant::FAR_FUTURE
            && self.kept.fetch_min(earliest.as_nanos(), Ordering::SeqCst) > earliest.as_nanos();
        keeps.then_some(earliest)
    }

    /// The calling thread is awake and keeps the time no longer.
    pub(crate) fn time_kept(&self, instant: Instant) {
        let kept = instant.as_nanos();
        let _ = self.kept.compare_exchange(kept, u64::MAX, Ordering::SeqCst, Ordering::SeqCst);
    }

    pub(crate) fn kept(&self) -> Instant {
        Instant::from_nanos(self.kept.load(Ordering::SeqCst))
    }

    // --- threads ---

    /// Starts a thread that the word counts already.
    pub(crate) fn start_worker(&self, role: Signal) {
        if self.try_start_worker(role) {
            return;
        }
        match role {
            Signal::Search => drop(self.idle.state.stop_searching()),
            // the watch sees to what is queued
            Signal::Arrive => drop(self.idle.arrived(|| 0)),
            Signal::Look => {}
        }
        self.idle.state.remove_thread();
        if !self.warned.swap(true, Ordering::Relaxed) {
            eprintln!(
                "coscope: a thread of {:?} could not be started; going on with those there are",
                self.options.name
            );
        }
        self.short_of_threads.store(true, Ordering::SeqCst);
        let watched = self.turn_watch_on();
        while !watched && self.idle.state.load().threads() == 0 {
            // not a single thread: the one that dispatches is all there is, and must not run the step
            std::thread::sleep(Duration::from_millis(1));
            self.try_again();
        }
    }

    /// Starts a thread for what is queued, if now it can be; `true` if nothing is left to try.
    pub(crate) fn try_again(&self) -> bool {
        // down first, then the look: whoever queues and is refused a thread meanwhile puts it up after that
        self.short_of_threads.store(false, Ordering::SeqCst);
        if !self.has_work() {
            return true;
        }
        self.short_of_threads.store(true, Ordering::SeqCst);
        self.idle.state.add_thread();
        let started = self.try_start_worker(Signal::Look);
        if !started {
            self.idle.state.remove_thread();
        }
        false
    }

    /// This thread, which is on no list, ends; `false` if it must stay. Whoever starts a thread in its stead finds its
    /// number free: it is given back with the place in the count, so that there are never more names than places.
    pub(crate) fn thread_ends(&self) -> bool {
        let mut numbers = self.numbers.lock();
        let ends = self.idle.thread_ends(|| self.has_work());
        if ends {
            numbers.free.extend(NUMBER.take());
        }
        ends
    }

    fn try_start_worker(&self, role: Signal) -> bool {
        let number = self.numbers.lock().take();
        let pool = self.shared();
        let body = Box::new(move || {
            OWN.with(|own| *own.borrow_mut() = Some(pool.clone()));
            NUMBER.set(Some(number));
            (pool.bodies.worker)(&pool, role);
            let _ = OWN.try_with(|own| own.borrow_mut().take());
            pool.numbers.lock().free.extend(NUMBER.take());
        });
        let started = (self.options.spawn)(format!("{}-{number}", self.options.name), body).is_ok();
        if !started {
            self.numbers.lock().free.insert(number);
        }
        started
    }

    fn turn_watch_on(&self) -> bool {
        self.watch.turn_on(|| self.start_watchman())
    }

    pub(crate) fn start_watchman(&self) -> Option<Thread> {
        let pool = self.shared();
        let body = Box::new(move || (pool.bodies.watchman)(&pool));
        (self.options.spawn)("coscope-timer".to_owned(), body).ok()
    }
}

impl Numbers {
    fn take(&mut self) -> usize {
        self.free.pop_first().unwrap_or_else(|| {
            self.used += 1;
            self.used
        })
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.options.name)
            .field("counts", &self.idle.state.load())
            .field("parked", &self.idle.parked())
            .field("lanes", &self.lanes)
            .field("blocking_queued", &self.blocking_queued())
            .finish_non_exhaustive()
    }
}

/// Runs `f`, which may block the thread for long, without the CPU permit that the thread may hold:
/// another thread gets it meanwhile. Afterwards it is taken again if one is free; if not, the step
/// goes on without to its end. Elsewhere it just runs `f`.
///
/// For a call that blocks in the midst of CPU work. What blocks as a matter of course is better placed on
/// IO, whose limit counts it. A place in a view (`limited_parallelism`) is kept meanwhile.
///
/// ```
/// use coscope::prelude::*;
///
/// run_blocking(async |s: Scope| {
///     let length = s.on(Dispatchers::default()).spawn(async {
///         coscope::blocking(|| std::fs::read("Cargo.toml").map_or(0, |bytes| bytes.len()))
///     });
///     assert!(length.await > 0);
/// });
/// ```
///
/// # Panics
/// With the panic of `f`; the permit is taken again all the same.
pub fn blocking<R>(f: impl FnOnce() -> R) -> R {
    let mut f = Some(f);
    let done = Local::with(|local| {
        if !local.has_permit.get() {
            return None;
        }
        let pool = OWN.with(|own| own.borrow().clone())?;
        Some(pool.blocking(local, f.take()?))
    });
    match done.flatten() {
        Some(result) => result,
        None => f.take().expect("only the pool takes it")(),
    }
}
