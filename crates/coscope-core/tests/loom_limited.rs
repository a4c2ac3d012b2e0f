//! A limited view under the model checker: never more than *n* steps at once, none lost, none twice.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p coscope-core --release --test loom_limited`.
//!
//! What it hunts: a dispatch that races with a runner which finds the queue empty, and a runner that arrives while a
//! visitor has the place. `QUEUED` goes down under the lock under which the queue was seen empty
//! (`View::take`): let the lock go in between, and `a_step_that_leaves_its_place_races_with_a_dispatch` fails, a step is
//! left in the queue with no runner. Let `State::leave` not look whether steps are queued, and all fail in the same
//! way. Let `State::arrive` not look at the limit, and `a_visit_races_with_a_runner_on_its_way` fails: two at once in
//! a view of one.
#![cfg(loom)]

use std::sync::Arc;

use coscope_core::dispatch::{Dispatch, Dispatcher, Limited, Runnable, leave_places};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};

/// The dispatcher below: a queue, served by whoever calls `run_one`.
struct Below {
    queue: Mutex<Vec<Runnable>>,
    filled: Condvar,
}

impl Below {
    fn new() -> Arc<Self> {
        Arc::new(Below { queue: Mutex::new(Vec::new()), filled: Condvar::new() })
    }

    /// Runs steps until all of `total` have been counted.
    fn serve(&self, ran: &AtomicUsize, total: usize) {
        while ran.load(Ordering::SeqCst) < total {
            let mut queue = self.queue.lock().unwrap();
            while queue.is_empty() {
                if ran.load(Ordering::SeqCst) >= total {
                    return;
                }
                // deadlocks here, and the checker says so, if a step has been lost
                queue = self.filled.wait(queue).unwrap();
            }
            let step = queue.remove(0);
            drop(queue);
            step.run();
        }
    }
}

struct Handle(Arc<Below>);

impl Dispatch for Handle {
    fn dispatch(&self, runnable: Runnable) {
        self.0.queue.lock().unwrap().push(runnable);
        self.0.filled.notify_all();
    }
    fn name(&self) -> &str {
        "below"
    }
}

/// Counts how many run at once and how many have run.
struct Gauge {
    limit: usize,
    now: AtomicUsize,
    ran: AtomicUsize,
    below: Arc<Below>,
}

fn step(gauge: &Arc<Gauge>) -> Runnable {
    step_and(gauge, || {})
}

/// A step that does something more once it no longer counts.
fn step_and(gauge: &Arc<Gauge>, more: impl FnOnce() + Send + 'static) -> Runnable {
    let gauge = gauge.clone();
    Runnable::from_fn(move || {
        assert!(gauge.now.fetch_add(1, Ordering::SeqCst) < gauge.limit, "too many at once");
        loom::thread::yield_now();
        gauge.now.fetch_sub(1, Ordering::SeqCst);
        more();
        gauge.ran.fetch_add(1, Ordering::SeqCst);
        let _queue = gauge.below.queue.lock().unwrap();
        gauge.below.filled.notify_all();
    })
}

fn gauge(limit: usize) -> (Arc<Gauge>, Limited) {
    let below = Below::new();
    let view = Limited::new(Dispatcher::new(Handle(below.clone())), limit, None);
    (Arc::new(Gauge { limit, now: AtomicUsize::new(0), ran: AtomicUsize::new(0), below }), view)
}

#[test]
fn dispatch_races_with_a_runner_that_ends() {
    loom::model(|| {
        let (gauge, view) = gauge(1);
        view.dispatch(step(&gauge));
        let other = {
            let (gauge, view) = (gauge.clone(), view.clone());
            loom::thread::spawn(move || view.dispatch(step(&gauge)))
        };
        gauge.below.serve(&gauge.ran, 2);
        other.join().unwrap();
        assert_eq!(gauge.ran.load(Ordering::SeqCst), 2);
        // the runner that ends may still be queued below; then nothing is left but its place
        while let Some(runner) = { gauge.below.queue.lock().unwrap().pop() } {
            runner.run();
        }
        assert_eq!((view.running(), view.queued()), (0, 0));
    });
}

#[test]
fn never_more_than_its_limit() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let (gauge, view) = gauge(1);
        let server = {
            let gauge = gauge.clone();
            loom::thread::spawn(move || gauge.below.serve(&gauge.ran, 2))
        };
        let other = {
            let (gauge, view) = (gauge.clone(), view.clone());
            loom::thread::spawn(move || view.dispatch(step(&gauge)))
        };
        view.dispatch(step(&gauge));
        gauge.below.serve(&gauge.ran, 2);
        other.join().unwrap();
        server.join().unwrap();
        assert_eq!(gauge.ran.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_place_taken_in_line_is_handed_on() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let (gauge, view) = gauge(1);
        let other = {
            let (gauge, view) = (gauge.clone(), view.clone());
            loom::thread::spawn(move || view.dispatch(step(&gauge)))
        };
        if view.try_enter() {
            assert_eq!(gauge.now.fetch_add(1, Ordering::SeqCst), 0, "too many at once");
            loom::thread::yield_now();
            gauge.now.fetch_sub(1, Ordering::SeqCst);
            view.leave();
        }
        gauge.below.serve(&gauge.ran, 1);
        other.join().unwrap();
        assert_eq!(gauge.ran.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_visit_races_with_a_runner_on_its_way() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let (gauge, view) = gauge(1);
        view.dispatch(step(&gauge));
        let visitor = {
            let (gauge, view) = (gauge.clone(), view.clone());
            loom::thread::spawn(move || {
                for _ in 0..2 {
                    if view.try_enter() {
                        assert_eq!(gauge.now.fetch_add(1, Ordering::SeqCst), 0, "too many at once");
                        loom::thread::yield_now();
                        gauge.now.fetch_sub(1, Ordering::SeqCst);
                        view.leave();
                    }
                }
            })
        };
        gauge.below.serve(&gauge.ran, 1);
        visitor.join().unwrap();
        assert_eq!(gauge.ran.load(Ordering::SeqCst), 1);
        // a runner that was sent for in vain may still be queued below
        while let Some(runner) = { gauge.below.queue.lock().unwrap().pop() } {
            runner.run();
        }
        assert_eq!((view.running(), view.queued()), (0, 0));
    });
}

#[test]
fn a_step_that_leaves_its_place_races_with_a_dispatch() {
    loom::model(|| {
        let (gauge, view) = gauge(1);
        view.dispatch(step_and(&gauge, leave_places));
        let other = {
            let (gauge, view) = (gauge.clone(), view.clone());
            loom::thread::spawn(move || view.dispatch(step(&gauge)))
        };
        gauge.below.serve(&gauge.ran, 2);
        other.join().unwrap();
        assert_eq!(gauge.ran.load(Ordering::SeqCst), 2);
    });
}
