//! Event loops, threads of one's own, the main dispatcher, unconfined steps, and executors.
#![allow(clippy::disallowed_methods)] // tests have threads of their own, and catch what they provoke

mod common;

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use common::{Soon, go, thread_name};
use coscope_core::dispatch::{Dispatcher, Runnable, resuming, runtime};
use coscope_core::time::{Clock, Instant, Timer};
use coscope_scheduler::{Builder, Dispatchers, EventLoop, install};

/// Sends when it is dropped unrun.
struct Refused(std::sync::mpsc::Sender<&'static str>, bool);

impl Drop for Refused {
    fn drop(&mut self) {
        self.0.send(if self.1 { "ran" } else { "refused" }).unwrap();
    }
}

fn tell(tx: &std::sync::mpsc::Sender<&'static str>) -> Runnable {
    let mut refused = Refused(tx.clone(), false);
    Runnable::from_fn(move || {
        refused.1 = true;
        drop(refused);
    })
}

#[test]
fn a_loop_runs_in_order_on_its_thread() {
    let event_loop = EventLoop::new("main");
    let dispatcher = event_loop.dispatcher();
    let log = Arc::new(Mutex::new(Vec::new()));
    for i in 0..100 {
        let (log, again) = (log.clone(), dispatcher.clone());
        go(&dispatcher, move || {
            log.lock().unwrap().push((i, thread_name()));
            go(&again, move || log.lock().unwrap().push((100 + i, thread_name())));
        });
    }
    event_loop.run_until(&|| log.lock().unwrap().len() == 150);
    assert_eq!(log.lock().unwrap().len(), 150, "asked after each step");
    event_loop.run_until(&|| log.lock().unwrap().len() == 200);
    let expected: Vec<_> = (0..200).map(|i| (i, thread_name())).collect();
    assert_eq!(*log.lock().unwrap(), expected);
}

#[test]
fn a_loop_is_woken_by_other_threads() {
    let event_loop = EventLoop::new("main");
    let dispatcher = event_loop.dispatcher();
    let count = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicBool::new(false));
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| {
                for _ in 0..2_000 {
                    let count = count.clone();
                    go(&dispatcher, move || {
                        count.fetch_add(1, Ordering::SeqCst);
                    });
                }
            });
        }
        event_loop.run_until(&|| count.load(Ordering::SeqCst) == 6_000);
        threads.spawn(|| {
            done.store(true, Ordering::SeqCst);
            event_loop.unpark();
        });
        event_loop.run_until(&|| done.load(Ordering::SeqCst));
    });
}

struct Redispatch(Dispatcher, Mutex<Option<Runnable>>);

impl Wake for Redispatch {
    fn wake(self: Arc<Self>) {
        let step = self.1.lock().unwrap().take();
        if let Some(step) = step {
            self.0.dispatch(step);
        }
    }
}

#[test]
fn timers_fire_though_the_queue_never_drains() {
    let event_loop = EventLoop::new("main");
    let dispatcher = event_loop.dispatcher();
    let clock: &dyn Clock = &*event_loop;
    fn forever(dispatcher: Dispatcher, stop: Arc<AtomicBool>) {
        let again = dispatcher.clone();
        go(&dispatcher, move || {
            if !stop.load(Ordering::SeqCst) {
                forever(again, stop);
            }
        });
    }
    let stop = Arc::new(AtomicBool::new(false));
    forever(dispatcher.clone(), stop.clone());
    let fired = {
        let stop = stop.clone();
        Runnable::from_fn(move || stop.store(true, Ordering::SeqCst))
    };
    let waker = Waker::from(Arc::new(Redispatch(dispatcher, Mutex::new(Some(fired)))));
    let timer = pin!(Timer::new());
    let deadline = clock.now() + Duration::from_millis(3);
    assert!(timer.poll(clock, deadline, &waker).is_pending());
    event_loop.run_until(&|| stop.load(Ordering::SeqCst));
    assert!(clock.now() >= deadline);
}

#[test]
fn timers_end_a_wait_also_when_set_by_another_thread() {
    for event_loop in [true, false] {
        install();
        let event_loop = event_loop.then(|| EventLoop::new("main"));
        let clock: Arc<dyn Clock> = match &event_loop {
            Some(event_loop) => event_loop.clone(),
            None => runtime().clock().clone(),
        };
        let (tx, rx) = channel();
        struct Send(std::sync::mpsc::Sender<()>, Arc<AtomicBool>);
        impl Wake for Send {
            fn wake(self: Arc<Self>) {
                self.1.store(true, Ordering::SeqCst);
                self.0.send(()).unwrap();
            }
        }
        let fired = Arc::new(AtomicBool::new(false));
        let waker = Waker::from(Arc::new(Send(tx, fired.clone())));
        std::thread::scope(|threads| {
            let (clock, waker) = (&clock, waker);
            threads.spawn(move || {
                let mut timers: Vec<Pin<Box<Timer>>> = Vec::new();
                for ms in [50, 20, 3] {
                    timers.push(Box::pin(Timer::new()));
                    let deadline = clock.now() + Duration::from_millis(ms);
                    let mut timer = timers.last_mut().unwrap().as_mut();
                    assert!(timer.as_mut().poll(&**clock, deadline, &waker).is_pending());
                    if ms == 3 {
                        rx.soon();
                        assert!(clock.now() >= deadline);
                        assert!(timer.as_mut().poll(&**clock, deadline, &waker).is_ready());
                    }
                }
            });
            if let Some(event_loop) = &event_loop {
                event_loop.run_until(&|| fired.load(Ordering::SeqCst));
            }
        });
    }
}

#[test]
fn a_closed_loop_refuses() {
    let event_loop = EventLoop::new("main");
    let dispatcher = event_loop.dispatcher();
    let (tx, rx) = channel();
    dispatcher.dispatch(tell(&tx));
    event_loop.close();
    assert_eq!(rx.try_recv(), Ok("refused"));
    dispatcher.dispatch(tell(&tx));
    assert_eq!(rx.try_recv(), Ok("refused"));

    let event_loop = EventLoop::new("main");
    let dispatcher = event_loop.dispatcher();
    let (own, closing) = (dispatcher.clone(), event_loop.clone());
    let told = tx.clone();
    go(&dispatcher, move || {
        own.dispatch(tell(&told));
        closing.close();
        own.dispatch(tell(&told));
    });
    event_loop.run_until(&|| event_loop.is_closed());
    assert_eq!([rx.try_recv(), rx.try_recv()], [Ok("refused"), Ok("refused")]);
}

#[test]
fn nested_loops_run_their_own_steps_only() {
    let (outer, inner) = (EventLoop::new("outer"), EventLoop::new("inner"));
    let log = Rc::new(RefCell::new(Vec::new()));
    let shared = Arc::new(Mutex::new(Vec::new()));
    let (to_outer, to_inner) = (outer.dispatcher(), inner.dispatcher());
    let (s, o) = (shared.clone(), to_outer.clone());
    go(&to_outer, move || {
        let (first, second, third) = (s.clone(), s.clone(), s.clone());
        go(&o, move || first.lock().unwrap().push("outer's second"));
        go(&to_inner, move || second.lock().unwrap().push("inner's"));
        let t = o.clone();
        go(&to_inner, move || go(&t, move || third.lock().unwrap().push("outer's third")));
        let rounds = AtomicUsize::new(0);
        inner.run_until(&|| rounds.fetch_add(1, Ordering::SeqCst) == 2);
        s.lock().unwrap().push("outer's first");
    });
    outer.run_until(&|| {
        log.borrow_mut().push(());
        shared.lock().unwrap().len() == 4
    });
    assert_eq!(*shared.lock().unwrap(), ["inner's", "outer's first", "outer's second", "outer's third"]);
}

#[test]
fn a_loop_that_waits_on_a_worker_lends_its_permit() {
    let pool = Builder::new().parallelism(1).build();
    let cpu = pool.cpu();
    let (done, rx) = channel();
    let again = cpu.clone();
    go(&cpu, move || {
        let event_loop = EventLoop::new("nested");
        let reached = Arc::new(AtomicBool::new(false));
        let (r, own) = (reached.clone(), event_loop.dispatcher());
        go(&again, move || go(&own, move || r.store(true, Ordering::SeqCst)));
        event_loop.run_until(&|| reached.load(Ordering::SeqCst));
        done.send(()).unwrap();
    });
    rx.soon();
}

#[test]
fn a_single_thread_keeps_order_and_closes_with_its_last_handle() {
    let single = Dispatchers::single_thread("the-one");
    let (tx, rx) = channel();
    for i in 0..1000 {
        let tx = tx.clone();
        go(&single, move || tx.send((i, thread_name())).unwrap());
    }
    (0..1000).for_each(|i| assert_eq!(rx.soon(), (i, "the-one".to_owned())));

    // closed from its own thread: what is queued is refused, and nothing hangs
    let (told, rx) = channel();
    let (go_on, wait) = channel::<()>();
    let own = single.clone();
    go(&single, move || {
        wait.soon();
        drop(own);
    });
    single.dispatch(tell(&told));
    drop(single);
    go_on.send(()).unwrap();
    assert_eq!(rx.soon(), "refused");
}

#[test]
fn a_fixed_pool_has_its_own_threads() {
    let pool = Dispatchers::fixed_pool(3, "own");
    let barrier = Arc::new(std::sync::Barrier::new(3));
    let (tx, rx) = channel();
    for _ in 0..3 {
        let (barrier, tx) = (barrier.clone(), tx.clone());
        go(&pool, move || {
            barrier.wait();
            tx.send(thread_name()).unwrap();
        });
    }
    let mut names: Vec<_> = (0..3).map(|_| rx.soon()).collect();
    names.sort();
    assert_eq!(names, ["own-1", "own-2", "own-3"]);
}

#[test]
fn the_main_dispatcher_must_be_set() {
    let main = Dispatchers::main();
    let unset = std::panic::catch_unwind(|| Dispatchers::main().dispatch(Runnable::from_fn(|| {})));
    let message = unset.unwrap_err().downcast::<String>().unwrap();
    assert!(message.starts_with("no main dispatcher"), "{message}");

    let event_loop = EventLoop::new("main");
    Dispatchers::set_main(event_loop.dispatcher());
    let immediate = Dispatchers::main_immediate();
    assert!(immediate.dispatch_impl().is_dispatch_needed());
    let done = Arc::new(AtomicBool::new(false));
    let (m, i, d) = (main.clone(), immediate.clone(), done.clone());
    go(&main, move || {
        assert!(!i.dispatch_impl().is_dispatch_needed());
        assert!(m.dispatch_impl().is_dispatch_needed());
        d.store(true, Ordering::SeqCst);
    });
    event_loop.run_until(&|| done.load(Ordering::SeqCst));

    let single = Dispatchers::single_thread("ui");
    Dispatchers::set_main(single);
    let (tx, rx) = channel();
    go(&main, move || tx.send((thread_name(), immediate.dispatch_impl().is_dispatch_needed())).unwrap());
    assert_eq!(rx.soon(), ("ui".to_owned(), false));
    assert!(Dispatchers::reset_main().is_some());
}

#[test]
fn unconfined_steps_run_where_they_are_resumed() {
    let unconfined = Dispatchers::unconfined();
    let log = Arc::new(Mutex::new(Vec::new()));
    let mark = |what: &'static str| {
        let log = log.clone();
        move || log.lock().unwrap().push((what, thread_name()))
    };
    resuming(|| {
        let (again, inner) = (unconfined.clone(), mark("third"));
        let second = mark("second");
        go(&unconfined, move || {
            second();
            resuming(|| go(&again, inner));
        });
        go(&unconfined, || panic!("as planned"));
        mark("first")();
    });
    let here = thread_name();
    assert_eq!(*log.lock().unwrap(), ["first", "second", "third"].map(|what| (what, here.clone())));

    // from foreign code there is no point at which to run it
    let (tx, rx) = channel();
    go(&unconfined, move || tx.send(thread_name()).unwrap());
    assert!(rx.soon().starts_with("DefaultDispatcher-worker-"));

    let limited = std::panic::catch_unwind(|| Dispatchers::unconfined().limited_parallelism(1));
    assert!(limited.is_err());
}

#[test]
fn executors_that_misbehave() {
    install();
    let inline = Dispatcher::from_executor("inline", |step: Runnable| step.run());
    let (tx, rx) = channel();
    for _ in 0..2 {
        let tx = tx.clone();
        go(&inline, move || tx.send(thread_name()).unwrap());
    }
    (0..2).for_each(|_| assert!(rx.soon().starts_with("DefaultDispatcher-worker-")));

    let (tx, rx) = channel();
    Dispatcher::from_executor("closed", drop).dispatch(tell(&tx));
    assert_eq!(rx.soon(), "refused");
    Dispatcher::from_executor("broken", |_: Runnable| panic!("as planned")).dispatch(tell(&tx));
    assert_eq!(rx.soon(), "refused");
    let threads = Dispatcher::from_executor("thread", |step: Runnable| {
        std::thread::spawn(move || step.run());
    });
    threads.dispatch(tell(&tx));
    assert_eq!(rx.soon(), "ran");
    threads.limited_parallelism(1).dispatch(tell(&tx));
    assert_eq!(rx.soon(), "ran");
    let closed = Dispatcher::from_executor("closed", drop).limited_parallelism(2);
    for _ in 0..3 {
        closed.dispatch(tell(&tx));
        assert_eq!(rx.soon(), "refused", "the view's place is given back each time");
    }
}

#[test]
fn the_clock_of_the_process_is_exact_when_idle() {
    install();
    let clock = runtime().clock();
    let (tx, rx) = channel();
    struct Stamp(std::sync::mpsc::Sender<Instant>);
    impl Wake for Stamp {
        fn wake(self: Arc<Self>) {
            self.0.send(Instant::system_now()).unwrap();
        }
    }
    let waker = Waker::from(Arc::new(Stamp(tx)));
    let mut cx = Context::from_waker(&waker);
    for _ in 0..20 {
        let mut timer = pin!(Timer::new());
        let deadline = clock.now() + Duration::from_millis(2);
        assert_eq!(timer.as_mut().poll(&**clock, deadline, cx.waker()), Poll::Pending);
        assert!(rx.soon() >= deadline);
        cx = Context::from_waker(&waker);
    }
}
