//! A worker: the loop of one thread of the pool.
//!
//! ```text
//!          ┌───────────────────────── runs a step ◀──────────────┐
//!          ▼                                                     │
//!   holds no permit ── blocking step there? ── yes ──────────────┤
//!          │ no                                                  │
//!          ├── permit free? ── no ──▶ parks                      │
//!          ▼ yes                                                 │
//!   holds a permit ── lane, global queue ── a step ──────────────┤
//!          │ nothing                                             │
//!          ├── blocking step there? ── gives the permit back ────┤
//!          ▼ no                                                  │
//!   searches: steals, spins a little ── a step ──────────────────┘
//!          │ nothing
//!          ▼
//!   gives the permit back ──▶ parks (see `idle.md`)
//! ```
//!
//! Imports all above it, to `pool`, and `watchman`.

use std::sync::Arc;
use std::time::Duration;

use coscope_core::dispatch::Runnable;
use coscope_core::primitive::Ordering;
use coscope_core::time::Instant;

use crate::builder::Builder;
use crate::lane::SeenWork;
use crate::local::Local;
use crate::pace::Pace;
use crate::park::{Signal, Sleeper};
use crate::pool::{Bodies, Pool};
use crate::watchman;

/// How many times a searcher looks again before it parks, if it is the only one.
const SPINS: u32 = 64;
/// How long it waits between two looks, in turns of the processor's pause.
const PAUSES: u32 = 16;
/// About so many timers a worker fires before it runs what they have resumed.
const FIRED: usize = 128;
/// So many if other steps wait, at every look around: what has been resumed comes first, as the newest, and is to
/// leave half of the steps to what waits.
const FIRED_BESIDE: usize = 32;
/// A thread that parks until the next timer sleeps so long at least: timers that follow each other closely are
/// fired some at a time, as is worth a switch between threads. Timers are exact to the millisecond.
const REST: Duration = Duration::from_micros(500);

struct Worker<'a> {
    pool: &'a Arc<Pool>,
    local: &'a Local,
    sleeper: Arc<Sleeper>,
    searching: bool,
    arriving: bool,
    pace: Pace,
    /// What it has seen in the lanes of others.
    seen: Vec<SeenWork>,
}

impl Builder {
    /// A pool of its own. Its threads are made on demand, and end when they have been idle long enough.
    ///
    /// ```
    /// let pool = coscope_scheduler::Builder::new().build(); // starts no thread yet
    /// assert_eq!(pool.metrics().threads, 0);
    /// ```
    pub fn build(self) -> Arc<Pool> {
        Pool::new(self, Bodies { worker: run, watchman: watchman::run })
    }
}

/// The body of a thread.
fn run(pool: &Arc<Pool>, role: Signal) {
    Local::with(|local| {
        local.pool.set(pool.key());
        let (sleeper, pace) = (Sleeper::current(), Pace::new(Instant::system_now()));
        let seen = vec![SeenWork::default(); pool.lanes.len()];
        let mut worker = Worker { pool, local, sleeper, searching: false, arriving: false, pace, seen };
        worker.heed(role);
        worker.work();
        local.pool.set(0);
    });
}

impl Worker<'_> {
    fn work(&mut self) {
        loop {
            // a searcher has been woken for CPU work, and looks for that first
            let holds = self.local.has_permit.get() || (self.searching && self.pool.acquire(self.local));
            if !holds {
                if let Some(step) = self.pool.pop_blocking() {
                    self.run_blocking(step);
                    continue;
                }
                self.stop_arriving();
                if !self.pool.acquire(self.local) {
                    self.pool.fire_due(FIRED);
                    self.pool.settle(self.local);
                    if !self.park() {
                        return;
                    }
                    continue;
                }
            }
            if let Some(step) = self.between_long_steps() {
                self.run_blocking(step);
            } else if let Some(step) = self.next() {
                self.stop_searching();
                self.run_step(step);
            } else if let Some(step) = self.pool.pop_blocking() {
                self.run_blocking(step);
            } else if let Some(step) = self.search() {
                self.stop_searching();
                self.run_step(step);
            } else {
                self.pool.release(self.local);
                if !self.park() {
                    return;
                }
            }
        }
    }

    /// The next CPU step that lies before this thread.
    #[inline]
    fn next(&mut self) -> Option<Runnable> {
        let lanes = &self.pool.lanes;
        let (step, look_around) =
            self.local.with_permit(|permit| (lanes.pop(permit), permit.is_time_to_look_around()))?;
        if look_around || step.is_none() {
            self.pool.fire_due(if step.is_some() { FIRED_BESIDE } else { FIRED });
            self.pool.settle(self.local);
        }
        step.or_else(|| self.local.with_permit(|permit| lanes.pop(permit)).flatten())
    }

    /// While steps are long, what is due is fired between them, and a blocking step goes before CPU work: the thread
    /// that was sent for it may wait long for a core of its own, and takes over the permit when it comes.
    ///
    /// This thread notices by itself that its steps are long; that they have become so in the midst of a round, the
    /// watch does.
    #[inline]
    fn between_long_steps(&mut self) -> Option<Runnable> {
        let looks = self.pace.step();
        if !looks && !self.pool.steps_last.load(Ordering::Relaxed) {
            return None;
        }
        self.look_between_steps(looks)
    }

    #[inline(never)]
    fn look_between_steps(&mut self, looks: bool) -> Option<Runnable> {
        if looks && !self.pace.look(Instant::system_now()) {
            return None;
        }
        self.pool.fire_due(FIRED_BESIDE);
        self.pool.settle(self.local);
        if self.pool.idle.state.load().free() == 0 { self.pool.pop_blocking() } else { None }
    }

    fn run_blocking(&mut self, step: Runnable) {
        if !self.pool.release_in_step(self.local) {
            self.local.blocked.set(true);
            // who saw this thread on its way has not started one for CPU work: see `add_cpu_thread`
            if self.pool.idle.begins_blocking(|| self.pool.lanes.has_work()) {
                self.pool.notify_cpu();
            }
        }
        self.stop_searching();
        self.stop_arriving();
        self.run_step(step);
    }

    /// Runs a step, and puts in order what it has exchanged. If it has yielded it goes behind all others.
    #[inline]
    fn run_step(&mut self, step: Runnable) {
        if let Some(yielded) = self.local.step(step) {
            self.pool.dispatch_last(self.local, yielded);
        }
        self.pool.settle(self.local);
    }

    fn search(&mut self) -> Option<Runnable> {
        if !self.searching {
            self.searching = true;
            self.pool.idle.state.start_searching();
        }
        let (lanes, seen) = (&self.pool.lanes, &mut self.seen);
        for _ in 0..SPINS {
            let step = self
                .local
                .with_permit(|permit| lanes.pop(permit).or_else(|| lanes.steal(permit, seen)))
                .flatten();
            if step.is_some() {
                return step;
            }
            if self.pool.idle.state.load().searching() > 1 || self.pool.has_blocking() {
                break;
            }
            (0..PAUSES).for_each(|_| std::hint::spin_loop());
        }
        None
    }

    /// What this thread was woken for, it counts as from now on.
    fn heed(&mut self, signal: Signal) {
        self.pace = Pace::new(Instant::system_now());
        self.searching = signal == Signal::Search;
        self.arriving = signal == Signal::Arrive;
    }

    /// It has looked for a blocking step, with success or not.
    #[inline]
    fn stop_arriving(&mut self) {
        if self.arriving {
            self.arriving = false;
            self.pool.arrived();
        }
    }

    /// Work has been found.
    #[inline]
    fn stop_searching(&mut self) {
        if self.searching {
            self.searching = false;
            if self.pool.idle.search_ends(|| self.pool.lanes.has_work()) {
                self.pool.notify_cpu();
            }
        }
    }

    /// Parks until there is something to do; `false` if this thread is to end.
    fn park(&mut self) -> bool {
        if std::mem::take(&mut self.searching) {
            self.pool.idle.state.stop_searching();
        }
        self.pool.idle.enlist(&self.sleeper);
        if self.pool.has_work() && self.pool.idle.withdraw(&self.sleeper) {
            self.pool.idle.state.start_searching();
            self.searching = true;
            return true;
        }
        let keep_alive = Instant::system_now() + self.pool.options.keep_alive;
        loop {
            let keeps = self.pool.keep_time();
            let until = keeps.map_or(keep_alive, |timer| timer.max(Instant::system_now() + REST));
            let signal = self.sleep(until);
            if let Some(instant) = keeps {
                self.pool.time_kept(instant);
            }
            if let Some(signal) = signal {
                self.heed(signal);
                return true;
            }
            if Instant::system_now() < until {
                continue; // woken for no reason
            }
            if !self.pool.idle.withdraw(&self.sleeper) {
                continue; // somebody has just signalled
            }
            if keeps.is_some() {
                // awake to fire: as a searcher, so that nobody else is woken for what fires
                self.pool.idle.state.start_searching();
                self.searching = true;
                return true;
            }
            let ends = self.pool.thread_ends();
            if ends {
                self.pool.retired.fetch_add(1, Ordering::Relaxed);
            }
            return !ends;
        }
    }

    fn sleep(&self, until: Instant) -> Option<Signal> {
        let signal = self.sleeper.take_signal();
        if signal.is_some() {
            return signal;
        }
        self.sleeper.park(Some(until - Instant::system_now()));
        self.sleeper.take_signal()
    }
}
