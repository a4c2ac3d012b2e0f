//! Whole coroutines under the model checker: launched, woken, cancelled, awaited, on a real job tree.
//!
//! Steps are run by threads that drive a queue. A lost wake or a lost step leaves a driver asleep, and
//! the checker says "deadlock". What the future holds counts its drops; a node counts when it completes
//! and when it is freed. The scheduling word alone, with more threads, is in `loom_task_state`.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `a_wake_races_with_a_cancel` | a driver; a wake; a cancel | the future is dropped once, the job completes once, all is freed |
//! | `a_wake_races_with_a_step` | a driver; a wake | the coroutine ends by itself |
//! | `two_drive_a_coroutine_that_yields` | two drivers | one step at a time, each sees what the last has done |
//! | `a_cancel_comes_before_or_after_the_first_step` | a driver; a cancel | dropped once, polled once at most |
//! | `a_cancel_from_above_races_with_an_undispatched_start` | the launcher, which runs the first step; a cancel above | cut, at the suspension or before |
//! | `a_start_races_with_a_cancel` | `start`; a cancel, of a lazy one; a driver | dropped once |
//! | `a_deferred_is_dropped_as_its_coroutine_ends` | a driver; the `Deferred` goes | the result is dropped once |
//! | `an_outcome_races_with_the_end` | a driver; an await from a thread | it wakes, and has the result whole |
//!
//! Taken out, and seen to fail: `NOTIFIED` while the step runs, the look at `CANCEL` in `pend`, the look at the parent
//! after the link.
#![cfg(loom)]

mod loom_pool;

use std::future::pending;
use std::sync::Arc;

use coscope_core::{Job, Start, model::Node, yield_now};
use loom::thread;
use loom_pool::{Dropped, Gate, Pool, Tally, Watched, block_on, root};

/// The tree that a model launches into.
struct Ground {
    pool: Arc<Pool>,
    root: Node,
    completed: Arc<Tally>,
    freed: Arc<Tally>,
    dropped: Arc<Tally>,
}

impl Ground {
    fn new() -> Self {
        let (completed, freed) = (Tally::new(), Tally::new());
        let root = root(&completed, &freed);
        Ground { pool: Pool::new(), root, completed, freed, dropped: Tally::new() }
    }
    fn held(&self) -> Dropped {
        Dropped(self.dropped.clone())
    }
    /// Everything has ended: nothing may be left.
    fn leave(self, job: Job) {
        let Ground { pool, root, completed, freed, dropped } = self;
        assert!(job.is_completed() && pool.is_empty() && !root.has_children());
        assert_eq!(dropped.get(), 1, "what the coroutine held, or gave");
        let _kept = root.end_body();
        drop((job, root));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    }
}

#[test]
fn a_wake_races_with_a_cancel() {
    loom::model(|| {
        let ground = Ground::new();
        let (gate, held) = (Gate::new(), ground.held());
        let job = {
            let gate = gate.clone();
            ground.root.scope(ground.pool.dispatcher()).launch(async move {
                let _held = held;
                gate.passed().await;
            })
        };
        let waker = thread::spawn(move || gate.open());
        let canceller = {
            let job = job.clone();
            thread::spawn(move || job.cancel("the model cancels"))
        };
        ground.pool.drive(&job);
        waker.join().unwrap();
        canceller.join().unwrap();
        ground.leave(job);
    });
}

#[test]
fn a_wake_races_with_a_step() {
    loom::model(|| {
        let ground = Ground::new();
        let (gate, held, passed) = (Gate::new(), ground.held(), Tally::new());
        let job = {
            let (gate, passed) = (gate.clone(), passed.clone());
            ground.root.scope(ground.pool.dispatcher()).launch(async move {
                let _held = held;
                gate.passed().await;
                passed.add();
            })
        };
        let waker = thread::spawn(move || gate.open());
        ground.pool.drive(&job);
        waker.join().unwrap();
        assert_eq!(passed.get(), 1);
        ground.leave(job);
    });
}

#[test]
fn two_drive_a_coroutine_that_yields() {
    loom::model(|| {
        let ground = Ground::new();
        let held = ground.held();
        let steps = Watched::new(0);
        let job = ground.root.scope(ground.pool.dispatcher()).launch(async move {
            let _held = held;
            steps.change(|steps| *steps += 1);
            yield_now().await;
            steps.change(|steps| *steps += 1);
        });
        let driver = {
            let (pool, job) = (ground.pool.clone(), job.clone());
            thread::spawn(move || pool.drive(&job))
        };
        ground.pool.drive(&job);
        driver.join().unwrap();
        ground.leave(job);
    });
}

#[test]
fn a_cancel_comes_before_or_after_the_first_step() {
    loom::model(|| {
        let ground = Ground::new();
        let (held, polled) = (ground.held(), Tally::new());
        let job = {
            let polled = polled.clone();
            ground.root.scope(ground.pool.dispatcher()).launch(async move {
                let _held = held;
                polled.add();
                pending::<()>().await;
            })
        };
        let canceller = {
            let root = ground.root.clone();
            thread::spawn(move || root.cancel())
        };
        ground.pool.drive(&job);
        canceller.join().unwrap();
        assert!(job.is_cancelled() && polled.get() <= 1);
        ground.leave(job);
    });
}

#[test]
fn a_cancel_from_above_races_with_an_undispatched_start() {
    loom::model(|| {
        let ground = Ground::new();
        let held = ground.held();
        let canceller = {
            let root = ground.root.clone();
            thread::spawn(move || root.cancel())
        };
        let scope = ground.root.scope(ground.pool.dispatcher());
        let job = scope.start(Start::Undispatched).launch(async move {
            let _held = held;
            pending::<()>().await;
        });
        ground.pool.drive(&job);
        canceller.join().unwrap();
        drop(scope);
        assert!(job.is_cancelled());
        ground.leave(job);
    });
}

#[test]
fn a_start_races_with_a_cancel() {
    loom::model(|| {
        let ground = Ground::new();
        let held = ground.held();
        let scope = ground.root.scope(ground.pool.dispatcher());
        let job = scope.start(Start::Lazy).launch(async move { drop(held) });
        drop(scope);
        let starter = {
            let job = job.clone();
            thread::spawn(move || job.start())
        };
        let canceller = {
            let job = job.clone();
            thread::spawn(move || job.cancel("the model cancels"))
        };
        ground.pool.drive(&job);
        starter.join().unwrap();
        canceller.join().unwrap();
        ground.leave(job);
    });
}

#[test]
fn a_deferred_is_dropped_as_its_coroutine_ends() {
    loom::model(|| {
        let ground = Ground::new();
        let result = ground.held();
        let deferred = ground.root.scope(ground.pool.dispatcher()).spawn(async move { result });
        let job = deferred.job();
        let dropper = thread::spawn(move || drop(deferred));
        ground.pool.drive(&job);
        dropper.join().unwrap();
        ground.leave(job);
    });
}

#[test]
fn an_outcome_races_with_the_end() {
    loom::model(|| {
        let ground = Ground::new();
        let result = (Watched::new(7), ground.held());
        let deferred = ground.root.scope(ground.pool.dispatcher()).spawn(async move { result });
        let job = deferred.job();
        let awaiter = thread::spawn(move || {
            let (number, held) = block_on(deferred.outcome()).unwrap();
            drop(held);
            number.get()
        });
        ground.pool.drive(&job);
        assert_eq!(awaiter.join().unwrap(), 7);
        ground.leave(job);
    });
}
