//! The last child against the clean-ups, under the model checker: the queue's runner ends as an entry
//! comes, and the job waits for every entry.
//!
//! Whole coroutines and the real queue (`scope::finalizer`). The body runs on the launching thread, an
//! undispatched start, while the runner of its queue runs on the thread that drives; so the runner may
//! find the queue empty, and end, at any point of the body. The decision is the flag `running`, set
//! and cleared under the lock under which the queue is seen.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `an_entry_comes_as_the_runner_ends` | a body that drops three guards, then ends; a driver | all clean-ups have run when the job completes, in order |
//! | `a_cut_coroutine_leaves_a_clean_up` | a cancel; two drivers | the clean-up runs once, before the job completes |
//! | `a_dropped_region_keeps_its_place` | a body that drops a region with a child, then a guard; two drivers | the clean-up finds the child gone |
//!
//! Taken out, and seen to fail: see the foot of the file.
#![cfg(loom)]

mod loom_pool;

use std::future::pending;
use std::sync::{Arc, Mutex};

use coscope_core::{Start, defer, scope};
use loom::thread;
use loom_pool::{Dropped, Pool, Tally, poll_once, root};

#[test]
fn an_entry_comes_as_the_runner_ends() {
    loom::model(|| {
        let (completed, freed) = (Tally::new(), Tally::new());
        let (pool, root) = (Pool::new(), root(&completed, &freed));
        let ran = Arc::new(Mutex::new(Vec::new()));
        let driver = {
            let (pool, job) = (pool.clone(), root.job());
            thread::spawn(move || pool.drive(&job))
        };
        let job = {
            let (first, second, third) = (ran.clone(), ran.clone(), ran.clone());
            root.scope(pool.dispatcher()).start(Start::Undispatched).launch(async move {
                drop(defer(async move { first.lock().unwrap().push(1) }));
                drop(defer(async move { second.lock().unwrap().push(2) }));
                drop(defer(async move { third.lock().unwrap().push(3) }));
            })
        };
        let at_the_end = Arc::new(Mutex::new(Vec::new()));
        let listener = {
            let (ran, at_the_end) = (ran.clone(), at_the_end.clone());
            job.on_completion(move || at_the_end.lock().unwrap().clone_from(&ran.lock().unwrap()))
        };
        let _kept = root.end_body();
        driver.join().unwrap();
        assert!(job.is_completed() && pool.is_empty());
        assert_eq!(*at_the_end.lock().unwrap(), [1, 2, 3], "it completed with an entry unrun");
        drop((root, job, listener));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    });
}

#[test]
fn a_cut_coroutine_leaves_a_clean_up() {
    loom::model(|| {
        let (completed, freed) = (Tally::new(), Tally::new());
        let (pool, root) = (Pool::new(), root(&completed, &freed));
        let ran = Tally::new();
        let job = {
            let ran = ran.clone();
            root.scope(pool.dispatcher()).start(Start::Undispatched).launch(async move {
                let _guard = defer(async move { ran.add() });
                pending::<()>().await;
            })
        };
        let driver = {
            let (pool, job) = (pool.clone(), job.clone());
            thread::spawn(move || pool.drive(&job))
        };
        root.cancel();
        pool.drive(&job);
        driver.join().unwrap();
        assert_eq!(ran.get(), 1);
        assert!(pool.is_empty() && !root.has_children());
        let _cut = root.end_body();
        drop((root, job));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    });
}

#[test]
fn a_dropped_region_keeps_its_place() {
    loom::model(|| {
        let (completed, freed) = (Tally::new(), Tally::new());
        let (pool, root) = (Pool::new(), root(&completed, &freed));
        let (gone, ran) = (Tally::new(), Tally::new());
        let driver = {
            let (pool, job) = (pool.clone(), root.job());
            thread::spawn(move || pool.drive(&job))
        };
        let job = {
            let (held, gone, ran) = (Dropped(gone.clone()), gone, ran.clone());
            root.scope(pool.dispatcher()).start(Start::Undispatched).launch(async move {
                let _outside = defer(async move {
                    assert_eq!(gone.get(), 1, "what the region launched is gone before this");
                    ran.add();
                });
                let mut inside = Box::pin(scope(|s| async move {
                    s.launch(async move {
                        let _held = held;
                        pending::<()>().await;
                    });
                    pending::<()>().await;
                }));
                let _pending = poll_once(inside.as_mut());
                drop(inside); // as foreign code does
            })
        };
        pool.drive(&job);
        let _kept = root.end_body();
        driver.join().unwrap();
        assert_eq!(ran.get(), 1);
        assert!(job.is_completed() && pool.is_empty());
        drop((root, job));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    });
}
