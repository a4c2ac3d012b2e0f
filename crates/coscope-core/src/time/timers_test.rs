//! Timers: arming, firing, moving house, and wakers that misbehave.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};

use super::*;

struct Manual {
    timers: Arc<Timers>,
    wake_by: AtomicU64,
    calls: AtomicUsize,
}

impl Manual {
    fn new(shards: usize) -> (Arc<Self>, Arc<dyn Clock>) {
        let timers = Timers::new(shards);
        let clock = Arc::new(Manual { timers, wake_by: AtomicU64::new(0), calls: AtomicUsize::new(0) });
        (clock.clone(), clock)
    }
}

impl Clock for Manual {
    fn now(&self) -> Instant {
        Instant::ZERO
    }
    fn timers(&self) -> &Arc<Timers> {
        &self.timers
    }
    fn wake_by(&self, deadline: Instant) {
        self.timers.len(); // hangs if a lock is held here
        self.wake_by.store(deadline.as_nanos(), Ordering::SeqCst);
        self.calls.fetch_add(1, Ordering::SeqCst);
    }
}

struct Log(Arc<Mutex<Vec<u32>>>, u32);

impl Wake for Log {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap().push(self.1);
    }
}

fn logging() -> (Arc<Mutex<Vec<u32>>>, impl Fn(u32) -> Waker) {
    let log = Arc::new(Mutex::new(Vec::new()));
    (log.clone(), move |id| Waker::from(Arc::new(Log(log.clone(), id))))
}

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

#[test]
fn fires_in_order_of_deadline_then_of_registration() {
    let (_, clock) = Manual::new(1);
    let (log, waker) = logging();
    let mut timers: Vec<_> = (0..100).map(|_| Box::pin(Timer::new())).collect();
    for (i, timer) in timers.iter_mut().enumerate() {
        let deadline = at(1_000_000 * [3, 1, 2, 1][i % 4]);
        assert_eq!(timer.as_mut().poll(&*clock, deadline, &waker(i as u32)), Poll::Pending);
    }
    assert_eq!(clock.timers().wake_due(at(999_999), usize::MAX), Some(at(1_000_000)));
    assert_eq!(clock.timers().wake_due(at(2_500_000), usize::MAX), Some(at(3_000_000)));
    assert_eq!(clock.timers().wake_due(at(3_000_000), usize::MAX), None);
    let mut expected: Vec<u32> = (0..100).collect();
    expected.sort_by_key(|i| [3, 1, 2, 1][*i as usize % 4]);
    assert_eq!(*log.lock().unwrap(), expected);
    assert_eq!(timers[0].as_mut().poll(&*clock, at(3_000_000), Waker::noop()), Poll::Ready(()));
}

#[test]
fn tells_the_sleeper_of_earlier_deadlines_only() {
    let (manual, clock) = Manual::new(4);
    let (mut a, mut b, mut c) = (Box::pin(Timer::new()), Box::pin(Timer::new()), Box::pin(Timer::new()));
    let poll = |timer: &mut Pin<Box<Timer>>, deadline| {
        let _ = timer.as_mut().poll(&*clock, at(deadline), Waker::noop());
        (manual.calls.load(Ordering::SeqCst), manual.wake_by.load(Ordering::SeqCst))
    };
    assert_eq!(poll(&mut a, 500), (1, 500));
    assert_eq!(poll(&mut b, 900), (1, 500));
    assert_eq!(poll(&mut c, 100), (2, 100));
    drop(c);
    assert_eq!(manual.timers.next_deadline(), Some(at(500)));
    assert_eq!(poll(&mut b, 400), (3, 400), "armed anew, earlier");
    assert_eq!(manual.timers.len(), 2);
    drop((a, b));
    assert!(manual.timers.is_empty());
    assert_eq!(manual.timers.next_deadline(), None);
}

#[test]
fn renews_the_waker_and_moves_house() {
    let (_, first) = Manual::new(1);
    let (_, second) = Manual::new(2);
    let (log, waker) = logging();
    let mut timer = pin!(Timer::new());
    assert_eq!(timer.as_mut().poll(&*first, at(10), &waker(1)), Poll::Pending);
    assert_eq!(timer.as_mut().poll(&*first, at(10), &waker(2)), Poll::Pending);
    assert_eq!(timer.as_mut().poll(&*second, at(10), &waker(3)), Poll::Pending);
    assert_eq!((first.timers().len(), second.timers().len()), (0, 1));
    first.timers().wake_due(at(20), usize::MAX);
    second.timers().wake_due(at(20), usize::MAX);
    assert_eq!(*log.lock().unwrap(), [3]);
    assert_eq!(timer.as_mut().poll(&*second, at(10), &waker(4)), Poll::Ready(()));
    assert_eq!(timer.as_mut().poll(&*second, at(30), &waker(5)), Poll::Pending, "another deadline");
    timer.as_mut().clear();
    assert!(second.timers().is_empty());
    assert_eq!(timer.as_mut().poll(&*second, at(10), &waker(6)), Poll::Pending, "cleared: armed as if new");
    assert_eq!(timer.as_mut().poll(&*second, Instant::FAR_FUTURE, &waker(7)), Poll::Pending);
    assert!(second.timers().is_empty());
}

#[test]
fn a_waker_may_panic_drop_timers_and_arm_others() {
    struct Evil(Mutex<Option<Pin<Box<Timer>>>>, Arc<dyn Clock>);
    impl Wake for Evil {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
            let mut other = Box::pin(Timer::new());
            let _ = other.as_mut().poll(&*self.1, at(1), Waker::noop());
            panic!("as planned");
        }
    }
    let (_, clock) = Manual::new(1);
    let (log, waker) = logging();
    let mut victim = Box::pin(Timer::new());
    let evil = Arc::new(Evil(Mutex::new(None), clock.clone()));
    let (mut trap, mut last) = (Box::pin(Timer::new()), Box::pin(Timer::new()));
    let _ = trap.as_mut().poll(&*clock, at(1), &Waker::from(evil.clone()));
    let _ = last.as_mut().poll(&*clock, at(3), &waker(9));
    let _ = victim.as_mut().poll(&*clock, at(4_000_000), &waker(8));
    *evil.0.lock().unwrap() = Some(victim);
    assert_eq!(clock.timers().wake_due(at(3), usize::MAX), None);
    assert_eq!(*log.lock().unwrap(), [9]);
}

#[test]
fn threads_share_one_timer_and_one_clock() {
    let (_, clock) = Manual::new(3);
    let rounds = if cfg!(miri) { 20 } else { 5_000 };
    let shared = Mutex::new(Box::pin(Timer::new()));
    std::thread::scope(|threads| {
        for seed in 1..4u64 {
            let (clock, shared) = (&clock, &shared);
            threads.spawn(move || {
                for i in 0..rounds {
                    let own = pin!(Timer::new());
                    let _ = own.poll(&**clock, at(i * seed), Waker::noop());
                    let _ = shared.lock().unwrap().as_mut().poll(&**clock, at(i), Waker::noop());
                    if i % 7 == 0 {
                        shared.lock().unwrap().as_mut().clear();
                    }
                    clock.timers().wake_due(at(i), usize::MAX);
                }
            });
        }
    });
    drop(shared);
    assert!(clock.timers().is_empty());
}
