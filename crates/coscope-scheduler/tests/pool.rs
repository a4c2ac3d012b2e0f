//! The pool: permits, threads, and that nothing is lost.
#![allow(clippy::disallowed_methods)] // tests have threads of their own, and catch what they provoke

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use common::{Soon, go, thread_name};
use coscope_core::dispatch::{Dispatch, Limited, Runnable};
use coscope_scheduler::{Builder, Dispatchers, blocking, pool_metrics};

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).max(2)
}

#[test]
fn cpu_steps_use_as_many_workers_as_there_are_permits() {
    let pool = Builder::new().parallelism(cores()).build();
    let cpu = pool.cpu();
    let names = Arc::new(Mutex::new(BTreeSet::new()));
    let (tx, rx) = channel();
    for _ in 0..1000 {
        let (names, tx) = (names.clone(), tx.clone());
        go(&cpu, move || {
            names.lock().unwrap().insert(thread_name());
            tx.send(()).unwrap();
        });
    }
    (0..1000).for_each(|_| rx.soon());
    let names = names.lock().unwrap();
    assert!(names.len() <= cores(), "{names:?}");
    for name in names.iter() {
        let number: usize = name.strip_prefix("DefaultDispatcher-worker-").unwrap().parse().unwrap();
        assert!((1..=cores()).contains(&number), "{name}");
    }
    assert!(pool.metrics().threads <= cores());
}

#[test]
fn both_limits_are_met_at_once() {
    // all meet at one barrier: fewer threads than both limits together would hang
    let pool = Builder::new().parallelism(3).io_parallelism(64).build();
    let (cpu, io) = (pool.cpu(), pool.io());
    let barrier = Arc::new(Barrier::new(3 + 64 + 1));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (tx, rx) = channel();
    for i in 0..(3 + 64) {
        let (barrier, tx) = (barrier.clone(), tx.clone());
        let (running, most) = (running.clone(), most.clone());
        go(if i < 3 { &cpu } else { &io }, move || {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            barrier.wait();
            running.fetch_sub(1, Ordering::SeqCst);
            tx.send(()).unwrap();
        });
    }
    // these are over both limits: they must wait
    for i in 0..40 {
        let (tx, running) = (tx.clone(), running.clone());
        let most = most.clone();
        go(if i % 2 == 0 { &cpu } else { &io }, move || {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            running.fetch_sub(1, Ordering::SeqCst);
            tx.send(()).unwrap();
        });
    }
    barrier.wait();
    (0..3 + 64 + 40).for_each(|_| rx.soon());
    assert_eq!(most.load(Ordering::SeqCst), 67);
}

#[test]
fn elastic_views_do_not_count_for_io() {
    let (io, wide) = (Dispatchers::io(), Dispatchers::io().limited_parallelism(100));
    let limit = pool_metrics().io_permits;
    let barrier = Arc::new(Barrier::new(limit + 100));
    let (tx, rx) = channel();
    for i in 0..limit + 100 {
        let (barrier, tx) = (barrier.clone(), tx.clone());
        go(if i < limit { &io } else { &wide }, move || {
            barrier.wait();
            tx.send(()).unwrap();
        });
    }
    (0..limit + 100).for_each(|_| rx.soon());
}

#[test]
fn nothing_is_lost_of_what_other_threads_dispatch() {
    const EACH: usize = 25_000;
    let pool = Builder::new().parallelism(4).build();
    let ran = Arc::new(AtomicUsize::new(0));
    let (tx, rx) = channel();
    std::thread::scope(|threads| {
        for thread in 0..4 {
            let dispatcher =
                [pool.cpu(), pool.io(), pool.cpu().limited_parallelism(2), pool.cpu()][thread].clone();
            let (ran, tx) = (ran.clone(), tx.clone());
            threads.spawn(move || {
                for i in 0..EACH {
                    let (ran, tx) = (ran.clone(), tx.clone());
                    let step = Runnable::from_fn(move || {
                        if ran.fetch_add(1, Ordering::SeqCst) + 1 == 4 * EACH {
                            tx.send(()).unwrap();
                        }
                    });
                    if i % 3 == 0 { dispatcher.dispatch_yield(step) } else { dispatcher.dispatch(step) }
                }
            });
        }
    });
    rx.soon();
    assert_eq!(ran.load(Ordering::SeqCst), 4 * EACH);
}

#[test]
fn bursts_after_silence_are_served() {
    // each burst meets parked threads, or threads about to park
    let pool = Builder::new().parallelism(3).build();
    let cpu = pool.cpu();
    let (tx, rx) = channel();
    for round in 0..20_000 {
        let tx = tx.clone();
        let again = cpu.clone();
        go(&cpu, move || {
            if round % 2 == 0 {
                go(&again, move || tx.send(()).unwrap());
            } else {
                tx.send(()).unwrap();
            }
        });
        rx.soon();
    }
}

#[test]
fn a_step_may_wait_for_the_one_it_has_dispatched() {
    let pool = Builder::new().parallelism(2).build();
    let cpu = pool.cpu();
    for _ in 0..20 {
        let (done, rx) = channel();
        let again = cpu.clone();
        go(&cpu, move || {
            let (tx, rx) = channel();
            go(&again, move || tx.send(thread_name()).unwrap());
            done.send((rx.soon(), thread_name())).unwrap();
        });
        let (other, own) = rx.soon();
        assert_ne!(other, own);
    }
}

#[test]
fn blocking_lends_the_permit() {
    let pool = Builder::new().parallelism(1).build();
    let cpu = pool.cpu();
    let (done, rx) = channel();
    let again = cpu.clone();
    go(&cpu, move || {
        let (tx, rx) = channel();
        go(&again, move || tx.send(()).unwrap());
        blocking(|| rx.soon());
        done.send(()).unwrap();
    });
    rx.soon();
    // and gets it back, or gives it up: one at a time still
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (tx, rx) = channel();
    for _ in 0..200 {
        let (running, most, tx) = (running.clone(), most.clone(), tx.clone());
        go(&cpu, move || {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            running.fetch_sub(1, Ordering::SeqCst);
            tx.send(()).unwrap();
        });
    }
    (0..200).for_each(|_| rx.soon());
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[test]
fn a_step_moves_between_default_and_io_on_its_thread() {
    let pool = Builder::new().parallelism(1).io_parallelism(1).build();
    let (cpu, io) = (pool.cpu(), pool.io());
    let (done, rx) = channel();
    let (c, i) = (cpu.clone(), io.clone());
    go(&cpu, move || {
        let thread = thread_name();
        assert!(i.dispatch_impl().enter_in_place());
        // the permit is free for others, and the place on IO is taken
        let (tx, other) = channel();
        go(&c, move || tx.send(thread_name()).unwrap());
        assert_ne!(other.soon(), thread);
        let elastic = i.limited_parallelism(1);
        assert!(elastic.dispatch_impl().enter_in_place(), "from view to view");
        assert!(!elastic.dispatch_impl().enter_in_place(), "it is taken, by this step");
        let (tx, other) = channel();
        go(&i, move || tx.send(()).unwrap());
        other.soon();
        // the other worker gives the permit back before it parks
        while !c.dispatch_impl().enter_in_place() {
            std::thread::yield_now();
        }
        let share = c.limited_parallelism(1);
        assert_eq!(thread_name(), thread);
        drop(share);
        done.send(()).unwrap();
    });
    rx.soon();
    // all is as it was: both can be saturated, once
    for dispatcher in [&cpu, &io] {
        let (tx, rx) = channel();
        (0..100).for_each(|_| {
            let tx = tx.clone();
            go(dispatcher, move || tx.send(()).unwrap());
        });
        (0..100).for_each(|_| rx.soon());
    }
}

#[test]
fn a_share_of_the_pool_is_entered_and_left_in_place() {
    let pool = Builder::new().parallelism(2).build();
    let cpu = pool.cpu();
    let share = Limited::new(cpu.clone(), 1, None);
    let (done, rx) = channel();
    let (c, s) = (cpu.clone(), share.clone());
    go(&cpu, move || {
        for _ in 0..10 {
            assert!(s.enter_in_place());
            assert_eq!(s.running(), 1);
            assert!(!s.enter_in_place());
            assert!(c.dispatch_impl().enter_in_place());
            assert_eq!(s.running(), 0);
        }
        assert!(s.enter_in_place());
        done.send(()).unwrap();
    });
    rx.soon();
    // a step that ends inside gives its place back
    let (tx, rx) = channel();
    share.dispatch(Runnable::from_fn(move || tx.send(()).unwrap()));
    rx.soon();
    assert!(!share.enter_in_place(), "not a thread of the pool");
}

#[test]
fn a_runner_whose_step_has_left_goes_no_further() {
    // confined to one at a time, each step leaves for IO in its middle: the next may begin then
    let pool = Builder::new().parallelism(2).io_parallelism(8).build();
    let (share, io) = (Limited::new(pool.cpu(), 1, None), pool.io());
    let inside = Arc::new(AtomicUsize::new(0));
    let (tx, rx) = channel();
    for _ in 0..2_000 {
        let (inside, io, tx) = (inside.clone(), io.clone(), tx.clone());
        share.dispatch(Runnable::from_fn(move || {
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
            std::hint::spin_loop();
            inside.fetch_sub(1, Ordering::SeqCst);
            tx.send(io.dispatch_impl().enter_in_place()).unwrap();
        }));
    }
    let entered = (0..2_000).filter(|_| rx.soon()).count();
    assert!(entered > 0);
    while share.running() > 0 || io_is_busy(&pool) {
        std::thread::yield_now();
    }
    assert_eq!((share.running(), share.queued()), (0, 0));
}

fn io_is_busy(pool: &coscope_scheduler::Pool) -> bool {
    let metrics = pool.metrics();
    metrics.blocking_threads > 0 || metrics.cpu_permits_free < metrics.cpu_permits
}

#[test]
fn idle_threads_end_and_their_numbers_are_used_again() {
    let pool = Builder::new().parallelism(2).keep_alive(Duration::from_millis(1)).name("brief").build();
    let io = pool.io();
    for round in 1..=3 {
        let barrier = Arc::new(Barrier::new(9));
        let (tx, rx) = channel();
        for _ in 0..8 {
            let (barrier, tx) = (barrier.clone(), tx.clone());
            go(&io, move || {
                barrier.wait();
                tx.send(thread_name()).unwrap();
            });
        }
        barrier.wait();
        let names: BTreeSet<String> = (0..8).map(|_| rx.soon()).collect();
        assert_eq!(names, (1..=8).map(|n| format!("brief-{n}")).collect());
        while pool.metrics().threads > 0 {
            std::thread::yield_now();
        }
        // the last one is no longer counted, and about to note that it has ended
        while pool.metrics().retired < 8 * round {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_thread_that_cannot_be_started_loses_no_step() {
    let refuse = Arc::new(AtomicBool::new(true));
    let asked = Arc::new(AtomicUsize::new(0));
    let pool = {
        let (refuse, asked) = (refuse.clone(), asked.clone());
        Builder::new()
            .parallelism(2)
            .before_spawn(move |name| {
                let worker = name.contains("worker");
                asked.fetch_add(usize::from(worker), Ordering::SeqCst);
                if worker && refuse.load(Ordering::SeqCst) {
                    return Err(std::io::ErrorKind::WouldBlock.into());
                }
                Ok(())
            })
            .build()
    };
    let (tx, rx) = channel();
    for dispatcher in [pool.cpu(), pool.io()] {
        let tx = tx.clone();
        go(&dispatcher, move || tx.send(()).unwrap());
    }
    while asked.load(Ordering::SeqCst) < 5 {
        std::thread::yield_now();
    }
    refuse.store(false, Ordering::SeqCst);
    (0..2).for_each(|_| rx.soon());
}

#[test]
fn no_thread_at_all_can_be_started_for_a_while() {
    let refusals = Arc::new(AtomicUsize::new(20));
    let pool = Builder::new()
        .before_spawn(move |_| {
            let refuse =
                refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
            if refuse { Err(std::io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        })
        .build();
    let (tx, rx) = channel();
    go(&pool.cpu(), move || tx.send(()).unwrap());
    rx.soon();
}

#[test]
fn a_panic_in_a_step_is_survived() {
    let pool = Builder::new().parallelism(1).io_parallelism(1).build();
    for dispatcher in [pool.cpu(), pool.io(), pool.cpu().limited_parallelism(1)] {
        let (tx, rx) = channel();
        go(&dispatcher, || panic!("as planned"));
        go(&dispatcher, move || tx.send(()).unwrap());
        rx.soon();
    }
}

#[test]
fn views_of_default_are_shares_of_it() {
    let default = Dispatchers::default();
    let permits = pool_metrics().cpu_permits;
    assert_eq!(default.limited_parallelism(permits), default);
    assert_ne!(default.limited_parallelism(1), default);
    assert_eq!(default, Dispatchers::default());
    assert_eq!(Dispatchers::limited(3).name(), "Dispatchers.limited(3)");
}
