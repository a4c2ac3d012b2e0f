//! What the scheduler's operations cost on this machine, in ns: the least and the median of some rounds.
#![allow(clippy::disallowed_methods)] // it measures the machine itself

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::task::Waker;
use std::time::{Duration, Instant};

use coscope_core::dispatch::{Dispatch, Dispatcher, Runnable, SharedStep, runtime};
use coscope_core::time::Timer;
use coscope_scheduler::{Dispatchers, EventLoop};

/// A step without an allocation, so that only the queues are measured.
struct Nothing {
    left: AtomicUsize,
    done: Box<dyn Fn() + Send + Sync>,
}

impl SharedStep for Nothing {
    fn run(self: Arc<Self>) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            (self.done)();
        }
    }
    fn refuse(self: Arc<Self>) {}
}

fn nothing(n: usize, done: impl Fn() + Send + Sync + 'static) -> Arc<Nothing> {
    Arc::new(Nothing { left: AtomicUsize::new(n), done: Box::new(done) })
}

fn measure(what: &str, n: usize, mut round: impl FnMut(usize) -> Duration) {
    let mut costs: Vec<f64> = (0..9).map(|_| round(n).as_nanos() as f64 / n as f64).collect();
    costs.sort_by(f64::total_cmp);
    println!("{what:48} {:8.1} {:8.1}", costs[0], costs[costs.len() / 2]);
}

/// Runs `f` as a step of `dispatcher`.
fn inside(dispatcher: &Dispatcher, f: impl FnOnce() -> Duration + Send + 'static) -> Duration {
    let (tx, rx) = channel();
    dispatcher.dispatch(Runnable::from_fn(move || tx.send(f()).unwrap()));
    rx.recv().unwrap()
}

fn main() {
    let (default, io) = (Dispatchers::default(), Dispatchers::io());
    println!("{:48} {:>8} {:>8}", "", "least", "median");

    for (what, dispatcher) in [("default", &default), ("io", &io)] {
        for from_worker in [true, false] {
            let from = if from_worker { "a worker" } else { "outside" };
            measure(&format!("no-op step on {what}, from {from}"), 200_000, |n| {
                let (tx, rx) = channel();
                let dispatcher = dispatcher.clone();
                let burst = move || {
                    let start = Instant::now();
                    let tx = tx.clone();
                    let step = nothing(n, move || tx.send(start.elapsed()).unwrap());
                    (0..n).for_each(|_| dispatcher.dispatch(Runnable::from_shared(step.clone())));
                };
                if from_worker {
                    default.dispatch(Runnable::from_fn(burst))
                } else {
                    burst()
                }
                rx.recv().unwrap()
            });
        }
    }

    struct Chain(Dispatcher, AtomicUsize, std::sync::mpsc::Sender<()>);
    impl SharedStep for Chain {
        fn run(self: Arc<Self>) {
            if self.1.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.2.send(()).unwrap();
            } else {
                self.0.dispatch(Runnable::from_shared(self.clone()));
            }
        }
        fn refuse(self: Arc<Self>) {}
    }
    let event_loop = EventLoop::new("loop");
    for (what, dispatcher) in
        [("default", default.clone()), ("io", io.clone()), ("limited(1)", default.limited_parallelism(1))]
    {
        measure(&format!("chain of steps on {what}"), 200_000, |n| {
            let (tx, rx) = channel();
            let start = Instant::now();
            let chain = Arc::new(Chain(dispatcher.clone(), AtomicUsize::new(n), tx));
            dispatcher.dispatch(Runnable::from_shared(chain));
            rx.recv().unwrap();
            start.elapsed()
        });
    }
    measure("chain of steps on an event loop", 200_000, |n| {
        let (tx, rx) = channel();
        let start = Instant::now();
        let dispatcher = event_loop.dispatcher();
        dispatcher.dispatch(Runnable::from_shared(Arc::new(Chain(
            dispatcher.clone(),
            AtomicUsize::new(n),
            tx,
        ))));
        event_loop.run_until(&|| rx.try_recv().is_ok());
        start.elapsed()
    });

    measure("Default to IO in place, one way", 100_000, |n| {
        let (default, io) = (default.clone(), io.clone());
        inside(&default.clone(), move || {
            let start = Instant::now();
            for _ in 0..n / 2 {
                assert!(io.dispatch_impl().enter_in_place());
                assert!(default.dispatch_impl().enter_in_place());
            }
            start.elapsed()
        })
    });
    measure("Default to a share of it in place, one way", 100_000, |n| {
        let (default, share) = (default.clone(), default.limited_parallelism(1));
        inside(&default.clone(), move || {
            let start = Instant::now();
            for _ in 0..n / 2 {
                assert!(share.dispatch_impl().enter_in_place());
                assert!(default.dispatch_impl().enter_in_place());
            }
            start.elapsed()
        })
    });

    for (what, clock) in [("pool", runtime().clock()), ("event loop", event_loop.clock().unwrap())] {
        let far = pin!(Timer::new());
        let _ = far.into_ref().poll(&clock, clock.now() + Duration::from_secs(100), Waker::noop());
        measure(&format!("timer of the {what}: arm and drop"), 200_000, |n| {
            let deadline = clock.now() + Duration::from_secs(200);
            let start = Instant::now();
            for _ in 0..n {
                let timer = pin!(Timer::new());
                let _ = black_box(timer.into_ref().poll(&clock, deadline, Waker::noop()));
            }
            start.elapsed()
        });
        measure(&format!("timer of the {what}: arm all, drop all"), 200_000, |n| {
            let timers: Vec<_> = (0..n).map(|_| Box::pin(Timer::new())).collect();
            let now = clock.now();
            let start = Instant::now();
            for (i, timer) in timers.iter().enumerate() {
                let deadline = now + Duration::from_secs(200) + Duration::from_micros((i * 7919 % n) as u64);
                let _ = timer.as_ref().poll(&clock, deadline, Waker::noop());
            }
            timers.iter().for_each(|timer| timer.as_ref().clear());
            start.elapsed()
        });
    }
    for (what, firing) in [("arm", false), ("fire", true)] {
        measure(&format!("timers with random deadlines within 1 s: {what}"), 200_000, |n| {
            let clock = EventLoop::new("fresh").clock().unwrap();
            let timers: Vec<_> = (0..n).map(|_| Box::pin(Timer::new())).collect();
            let now = clock.now();
            clock.timers().fire(now);
            let start = Instant::now();
            for (i, timer) in timers.iter().enumerate() {
                let deadline = now + Duration::from_nanos((i * 7919 % n) as u64 * 5_000);
                let _ = timer.as_ref().poll(&clock, deadline, Waker::noop());
            }
            let armed = start.elapsed();
            for ms in 0..=1000 {
                clock.timers().fire(now + Duration::from_millis(ms));
            }
            if firing { start.elapsed() - armed } else { armed }
        });
    }
    wide();
}

/// Many steps that block a thread each.
fn wide() {
    let limited = Dispatchers::limited(10_000);
    let (tx, rx) = channel();
    let start = Instant::now();
    for _ in 0..10_000 {
        let tx = tx.clone();
        limited.dispatch(Runnable::from_fn(move || {
            std::thread::sleep(Duration::from_secs(1));
            tx.send(()).unwrap();
        }));
    }
    (0..10_000).for_each(|_| rx.recv().unwrap());
    println!("10,000 steps that sleep 1 s, limited(10,000): {:?}", start.elapsed());
}
