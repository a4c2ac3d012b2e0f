//! The idle protocol under the model checker: whatever is queued is found, and nobody sleeps beside it.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p coscope-scheduler --release --test loom_park`.
//!
//! The queue is a counter with no more ordering than a queue needs to hand over its elements, so the
//! fences of `idle.rs` have to do the rest. A lost wake-up shows as a deadlock: the workers end only
//! when all that was queued has run. What fails if a line is taken out:
//!
//! | without | fails |
//! |---|---|
//! | the fence in `notify_cpu`, or that in `enlist` | all: push and look pass each other |
//! | the look at the queues after `enlist` | all |
//! | the second look at the list in `notify_cpu_slow` | `…and_two_producers`: the other relied on the searcher that this one unappointed |
//! | `notify_cpu` after `search_ends` | `steps_that_wait_for_each_other`: the second has relied on the searcher that found the first |
#![cfg(loom)]

use std::sync::Arc;

use coscope_scheduler::idle::{Idle, Notified};
use coscope_scheduler::{Signal, Sleeper};
use loom::sync::atomic::{AtomicUsize, Ordering};

struct Pool {
    idle: Idle,
    queued: AtomicUsize,
    ran: AtomicUsize,
    total: usize,
    /// Steps wait until all have begun, each on a thread of its own.
    meet: bool,
}

impl Pool {
    fn new(permits: usize, workers: usize, total: usize, meet: bool) -> Arc<Self> {
        let (queued, ran) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let pool = Pool { idle: Idle::new(permits), queued, ran, total, meet };
        (0..workers).for_each(|_| pool.idle.state.add_thread());
        Arc::new(pool)
    }

    fn queue(&self) {
        self.queued.fetch_add(1, Ordering::Release);
        self.notify();
    }

    fn notify(&self) {
        // as many threads as may ever be needed are there already
        assert_ne!(self.idle.notify_cpu(), Notified::Start);
    }

    fn queue_has_work(&self) -> bool {
        self.queued.load(Ordering::Acquire) > 0
    }

    fn has_work(&self) -> bool {
        self.idle.state.load().free() > 0 && self.queue_has_work()
    }

    fn pop(&self) -> bool {
        self.queued.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1)).is_ok()
    }

    fn done(&self) -> bool {
        self.ran.load(Ordering::Acquire) == self.total
    }

    /// As `worker.rs` has it, without lanes and blocking work.
    fn work(&self) {
        let sleeper = Sleeper::current();
        let mut searching = false;
        while !self.done() {
            if self.idle.state.acquire() {
                if !searching {
                    searching = true;
                    self.idle.state.start_searching();
                }
                while self.pop() {
                    if std::mem::take(&mut searching) && self.idle.search_ends(|| self.queue_has_work()) {
                        self.notify();
                    }
                    self.ran.fetch_add(1, Ordering::AcqRel);
                    while self.meet && !self.done() {
                        loom::thread::yield_now();
                    }
                }
                self.idle.state.release();
            }
            if std::mem::take(&mut searching) {
                self.idle.state.stop_searching();
            }
            self.idle.enlist(&sleeper);
            if (self.has_work() || self.done()) && self.idle.withdraw(&sleeper) {
                self.idle.state.start_searching();
                searching = true;
                continue;
            }
            searching = loop {
                if let Some(signal) = sleeper.take_signal() {
                    break signal == Signal::Search;
                }
                sleeper.park(None);
            };
        }
        // the other sleeps, or will look whether all is done before it does
        self.idle.wake_one(Signal::Look);
    }
}

fn model(permits: usize, workers: usize, producers: usize, preemptions: usize, meet: bool) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let pool = Pool::new(permits, workers, producers, meet);
        let mut threads = Vec::new();
        for _ in 1..workers {
            let pool = pool.clone();
            threads.push(loom::thread::spawn(move || pool.work()));
        }
        for _ in 0..producers {
            let pool = pool.clone();
            threads.push(loom::thread::spawn(move || pool.queue()));
        }
        pool.work();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(pool.ran.load(Ordering::Acquire), producers);
    });
}

#[test]
fn one_worker_about_to_sleep_and_one_producer() {
    model(1, 1, 1, 4, false);
}

#[test]
fn one_worker_and_two_producers() {
    model(1, 1, 2, 3, false);
}

#[test]
fn two_workers_and_a_producer() {
    model(2, 2, 1, 3, false);
}

#[test]
fn two_workers_for_one_permit() {
    model(1, 2, 1, 3, false);
}

#[test]
fn two_workers_and_two_producers() {
    model(2, 2, 2, 2, false);
}

#[test]
fn steps_that_wait_for_each_other() {
    model(2, 2, 2, 2, true);
}
