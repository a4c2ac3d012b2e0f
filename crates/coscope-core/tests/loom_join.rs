//! Join against completion, under the model checker: who waits is woken, who has gone is forgotten.
//!
//! Real nodes and the real `Job::join`; the job's end is `end_body`, as in `harness::end`. A wake that is lost leaves the joiner's thread asleep, and the checker says
//! "deadlock". A waiter left in the queue is a waker that is never dropped, or a dangling pointer.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `a_join_races_with_the_end` | a join; an end | it wakes, and sees what the body did |
//! | `two_joins_race_with_the_end` | two joins; an end | both wake |
//! | `a_join_is_dropped_as_the_job_ends` | a join polled once and dropped; an end | the waker is dropped or woken, the node freed |
//! | `a_join_moves_to_another_task` | a join polled with one waker, then with another; an end | the last one is woken |
//! | `a_listener_races_with_the_end` | `on_completion`; an end | called once |
//! | `a_listener_races_with_a_cancel_and_the_end` | `on_cancelling`; a cancel; an end | called once, whichever comes |
//! | `a_listener_is_disposed_of_as_the_job_ends` | `dispose`; an end | called or dropped, once |
//!
//! Taken out, and seen to fail:
//! * both looks at the bit in `poll_completed`, under the lock and behind it (a joiner sleeps for ever; one of the two is enough,
//!   since a waiter that comes in behind the end is taken out by its own drop);
//! * `Joining`'s drop leaves its waiter (the queue runs into freed memory);
//! * `push` keeps the old waker (`a_join_moves…` sleeps for ever);
//! * `listen` looks at the bit before it takes the lock (both `a_listener_races…`).
#![cfg(loom)]

mod loom_pool;

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use coscope_core::model::Node;
use loom::thread;
use loom_pool::{Dropped, Tally, Watched, block_on, poll_once, root};

fn job() -> (Node, Arc<Tally>) {
    let freed = Tally::new();
    (root(&Tally::new(), &freed), freed)
}

fn end(node: &Node) {
    let _kept = node.end_body();
}

#[test]
fn a_join_races_with_the_end() {
    loom::model(|| {
        let (node, freed) = job();
        let done = Arc::new(Watched::new(false));
        let joiner = {
            let (job, done) = (node.job(), done.clone());
            thread::spawn(move || {
                block_on(job.join());
                assert!(done.get());
            })
        };
        done.change(|done| *done = true);
        end(&node);
        joiner.join().unwrap();
        drop(node);
        assert_eq!(freed.get(), 1);
    });
}

#[test]
fn two_joins_race_with_the_end() {
    loom::model(|| {
        let (node, freed) = job();
        let joiners = [node.job(), node.job()].map(|job| thread::spawn(move || block_on(job.join())));
        end(&node);
        for joiner in joiners {
            joiner.join().unwrap();
        }
        drop(node);
        assert_eq!(freed.get(), 1);
    });
}

#[test]
fn a_join_is_dropped_as_the_job_ends() {
    loom::model(|| {
        let (node, freed) = job();
        let joiner = {
            let job = node.job();
            thread::spawn(move || {
                let mut first = Box::pin(job.join());
                let mut second = Box::pin(job.join());
                let _ready = poll_once(first.as_mut());
                let _ready = poll_once(second.as_mut());
                drop(first); // from the middle of the queue
                drop(second);
            })
        };
        end(&node);
        joiner.join().unwrap();
        drop(node);
        assert_eq!(freed.get(), 1);
    });
}

#[test]
fn a_join_moves_to_another_task() {
    loom::model(|| {
        let (node, freed) = job();
        let joiner = {
            let job = node.job();
            thread::spawn(move || {
                let mut join = pin!(job.join());
                if let Poll::Pending = poll_once(join.as_mut()) {
                    block_on(join);
                }
            })
        };
        end(&node);
        joiner.join().unwrap();
        drop(node);
        assert_eq!(freed.get(), 1);
    });
}

#[test]
fn a_listener_races_with_the_end() {
    loom::model(|| {
        let (node, freed) = job();
        let called = Tally::new();
        let listener = {
            let (job, called) = (node.job(), called.clone());
            thread::spawn(move || drop(job.on_completion(move || called.add())))
        };
        end(&node);
        listener.join().unwrap();
        assert_eq!(called.get(), 1);
        drop(node);
        assert_eq!(freed.get(), 1);
    });
}

#[test]
fn a_listener_races_with_a_cancel_and_the_end() {
    loom::model(|| {
        let (node, freed) = job();
        let called = Tally::new();
        let listener = {
            let (job, called) = (node.job(), called.clone());
            thread::spawn(move || drop(job.on_cancelling(move || called.add())))
        };
        let canceller = {
            let node = node.clone();
            thread::spawn(move || node.cancel())
        };
        end(&node);
        listener.join().unwrap();
        canceller.join().unwrap();
        assert_eq!(called.get(), 1);
        drop(node);
        assert_eq!(freed.get(), 1);
    });
}

#[test]
fn a_listener_is_disposed_of_as_the_job_ends() {
    loom::model(|| {
        let (node, freed) = job();
        let (called, dropped) = (Tally::new(), Tally::new());
        let listener = {
            let (called, held) = (called.clone(), Dropped(dropped.clone()));
            node.job().on_completion(move || {
                let _held = held;
                called.add();
            })
        };
        let disposer = thread::spawn(move || listener.dispose());
        end(&node);
        disposer.join().unwrap();
        assert_eq!(dropped.get(), 1);
        assert!(called.get() <= 1);
        drop(node);
        assert_eq!(freed.get(), 1);
    });
}
