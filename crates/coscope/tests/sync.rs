//! Mutex and semaphore: what every method does, exactly, and in what order those who wait are served.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use coscope::prelude::*;
use coscope::run_blocking_on;
use coscope::sync::{AcquireError, Mutex, MutexGuard, OwnedMutexGuard, Semaphore, TryAcquireError};

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn is_send_and_sync<T: Send + Sync>() {}
fn is_send<T: Send>() {}

#[test]
fn guards_go_where_their_values_go() {
    is_send_and_sync::<Mutex<std::cell::Cell<u32>>>();
    is_send::<MutexGuard<'_, std::cell::Cell<u32>>>();
    is_send_and_sync::<MutexGuard<'_, u32>>();
    is_send_and_sync::<OwnedMutexGuard<u32>>();
    is_send_and_sync::<Semaphore>();
    is_send::<coscope::sync::Lock<'_, u32>>();
}

#[test]
fn a_lock_is_held_by_one() {
    static MUTEX: Mutex<u32> = Mutex::new(1);
    run_blocking(async |s: Scope| {
        let mut held = MUTEX.lock().await;
        *held += 1;
        assert!(MUTEX.is_locked() && MUTEX.try_lock().is_none());
        let other = s.spawn(async { *MUTEX.lock().await });
        yield_now().await;
        assert_eq!(MUTEX.waiters(), 1);
        *held += 1;
        drop(held);
        assert!(MUTEX.is_locked(), "handed over, though its new holder has not run");
        assert!(MUTEX.try_lock().is_none());
        assert_eq!(other.await, 3);
        assert!(!MUTEX.is_locked() && MUTEX.holder().is_none());
    });
}

#[test]
fn locks_are_had_in_the_order_of_asking() {
    run_blocking(async |_: Scope| {
        let (mutex, order) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(Vec::new())));
        let held = mutex.lock().await;
        scope(async |s: Scope| {
            for i in 0..10 {
                let (mutex, order) = (mutex.clone(), order.clone());
                s.start(Start::Undispatched).launch(async move {
                    let _held = mutex.lock().await;
                    order.try_lock().unwrap().push(i);
                    yield_now().await;
                });
            }
            drop(held);
            assert!(mutex.try_lock().is_none());
        })
        .await;
        assert_eq!(*order.lock().await, (0..10).collect::<Vec<_>>());
    });
}

#[test]
fn a_lock_handed_to_one_who_goes_is_handed_on() {
    let mutex = Mutex::new(());
    let held = mutex.try_lock().unwrap();
    let mut second = pin!(mutex.lock());
    {
        let mut first = pin!(mutex.lock());
        assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
        drop(held);
        assert_eq!(mutex.waiters(), 1);
    }
    assert_eq!(mutex.waiters(), 0);
    let Poll::Ready(held) = poll(second.as_mut()) else { panic!("handed on") };
    drop(held);
    assert!(mutex.try_lock().is_some());
}

#[test]
fn one_who_goes_while_he_waits_leaves_the_queue() {
    let mutex = Mutex::new(());
    let held = mutex.try_lock().unwrap();
    {
        let mut first = pin!(mutex.lock());
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(first.as_mut()).is_pending(), "polled for nothing");
        assert_eq!(mutex.waiters(), 1);
    }
    assert_eq!(mutex.waiters(), 0);
    drop(held);
    assert!(!mutex.is_locked());
}

#[test]
fn a_panic_does_not_poison() {
    let mutex = Arc::new(Mutex::new(0));
    let of_panic = mutex.clone();
    let panicked = std::thread::spawn(move || {
        run_blocking(async move |_: Scope| {
            let mut held = of_panic.lock().await;
            *held = 1;
            panic!("while it is held");
        })
    });
    assert!(panicked.join().is_err());
    assert_eq!(*mutex.try_lock().unwrap(), 1);
}

#[test]
fn a_cancelled_holder_gives_back() {
    run_blocking(async |s: Scope| {
        let mutex = Arc::new(Mutex::new(()));
        let of_child = mutex.clone();
        let child = s.launch(async move {
            let _held = of_child.lock().await;
            delay(Duration::from_secs(1000)).await;
        });
        yield_now().await;
        assert!(mutex.is_locked());
        child.cancel("enough");
        let _held = mutex.lock().await;
    });
}

#[test]
fn owned_guards_and_values() {
    let mutex = Arc::new(Mutex::new(String::from("a")));
    let mut held = mutex.clone().try_lock_owned().unwrap();
    held.push('b');
    assert!(mutex.clone().try_lock_owned().is_none());
    assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&held), &mutex));
    drop(held);
    run_blocking(async |_: Scope| mutex.clone().lock_owned().await.push('c'));
    assert_eq!(format!("{mutex:?}"), r#"Mutex { value: "abc" }"#);
    let mut mutex = Arc::into_inner(mutex).unwrap();
    mutex.get_mut().push('d');
    assert_eq!(mutex.into_inner(), "abcd");
}

#[test]
fn it_is_known_who_holds_a_lock_and_where() {
    run_blocking(async |s: Scope| {
        let mutex = Arc::new(Mutex::new(()));
        let held = mutex.lock().await;
        let line = line!() - 1;
        let holder = mutex.holder().unwrap();
        assert_eq!((holder.id(), holder.acquired_at().line()), (Some(current_job().id()), line));
        assert!(holder.is_current() && format!("{mutex:?}").contains("which is asking"));
        let of_child = mutex.clone();
        let child = s.spawn(async move {
            assert!(!of_child.holder().unwrap().is_current());
            let _held = of_child.lock().await;
            delay(Duration::from_millis(1)).await;
        });
        yield_now().await;
        drop(held);
        let holder = mutex.holder().unwrap();
        assert_eq!(holder.id(), Some(child.job().id()), "it was handed over, and has not run yet");
        assert!(!holder.is_current());
        child.await;
        let held = mutex.try_lock().unwrap();
        assert_eq!(mutex.holder().unwrap().acquired_at().line(), line!() - 1);
        drop(held);
    });
    let mutex = Mutex::new(());
    let _held = mutex.lock_blocking();
    let holder = mutex.holder().unwrap();
    assert_eq!(holder.id(), None);
    assert!(holder.to_string().starts_with("no coroutine, at ") && !holder.is_current());
}

#[test]
fn threads_that_block_take_turns_with_coroutines() {
    let mutex = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let mutex = mutex.clone();
            std::thread::spawn(move || (0..1000).for_each(|_| *mutex.lock_blocking() += 1))
        })
        .collect();
    run_blocking_on(Dispatchers::default(), async |_: Scope| {
        for _ in 0..1000 {
            *mutex.lock().await += 1;
        }
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*mutex.try_lock().unwrap(), 3000);
}

#[test]
fn a_large_request_is_not_overtaken() {
    let semaphore = Semaphore::new(3);
    let one = semaphore.try_acquire().unwrap();
    let mut large = pin!(semaphore.acquire_many(3));
    let mut small = pin!(semaphore.acquire());
    assert!(poll(large.as_mut()).is_pending());
    assert_eq!(semaphore.available_permits(), 2);
    assert!(poll(small.as_mut()).is_pending());
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    assert_eq!(semaphore.waiters(), 2);
    drop(one);
    let Poll::Ready(Ok(three)) = poll(large.as_mut()) else { panic!("there are three") };
    assert!(poll(small.as_mut()).is_pending());
    drop(three);
    assert!(poll(small.as_mut()).is_ready());
    assert_eq!(semaphore.available_permits(), 3);
}

#[test]
fn one_release_serves_many() {
    let semaphore = Semaphore::new(0);
    let mut waiting: Vec<_> = [1, 2, 3, 1].map(|need| Box::pin(semaphore.acquire_many(need))).into();
    waiting.iter_mut().for_each(|one| assert!(poll(one.as_mut()).is_pending()));
    semaphore.add_permits(5);
    let had: Vec<_> = waiting.iter_mut().map(|one| poll(one.as_mut())).collect();
    let counts: Vec<_> = had.iter().map(|one| matches!(one, Poll::Ready(Ok(_)))).collect();
    assert_eq!(counts, [true, true, false, false], "the third needs three, and the fourth stands behind it");
    assert_eq!((semaphore.available_permits(), semaphore.waiters()), (2, 2));
    drop(waiting.remove(2));
    assert_eq!(
        (semaphore.available_permits(), semaphore.waiters()),
        (1, 0),
        "the third has gone: the fourth is served"
    );
    drop(waiting);
    drop(had);
    assert_eq!(semaphore.available_permits(), 5);
}

#[test]
fn permits_come_and_go() {
    let semaphore = Arc::new(Semaphore::new(4));
    assert_eq!(semaphore.forget_permits(1), 1);
    semaphore.try_acquire().unwrap().forget();
    assert_eq!(semaphore.available_permits(), 2);
    let two = semaphore.clone().try_acquire_many_owned(2).unwrap();
    assert_eq!((two.count(), semaphore.available_permits()), (2, 0));
    assert!(Arc::ptr_eq(two.semaphore(), &semaphore));
    assert_eq!(semaphore.forget_permits(1), 0);
    drop(two);
    assert!(semaphore.clone().try_acquire_owned().is_ok());
    let _one = run_blocking(async |_: Scope| semaphore.clone().acquire_owned().await).unwrap();
    assert_eq!(semaphore.last_holder().unwrap().acquired_at().line(), line!() - 1);
    assert!(semaphore.try_acquire_many(0).is_ok());
    let _blocking = semaphore.acquire_blocking().unwrap();
    let too_many = Semaphore::MAX_PERMITS + 1;
    assert!(std::panic::catch_unwind(|| semaphore.add_permits(too_many)).is_err());
    assert!(std::panic::catch_unwind(|| drop(semaphore.acquire_many(too_many))).is_err());
    assert_eq!(semaphore.available_permits(), 0);
}

#[test]
fn a_closed_semaphore_refuses() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire().unwrap();
    let mut waiting = pin!(semaphore.acquire_many(2));
    assert!(poll(waiting.as_mut()).is_pending());
    assert!(semaphore.close() && !semaphore.close() && semaphore.is_closed());
    assert!(matches!(poll(waiting.as_mut()), Poll::Ready(Err(AcquireError { .. }))));
    assert!(semaphore.try_acquire().unwrap_err().is_closed());
    assert!(matches!(poll(pin!(semaphore.acquire())), Poll::Ready(Err(_))));
    assert!(semaphore.acquire_blocking().is_err());
    drop(held);
    assert_eq!(semaphore.available_permits(), 2);
}

/// A close is one point: the first to be woken by it finds all others refused, and what he gives back goes to none of them.
#[test]
fn a_close_refuses_all_at_once() {
    struct Gives {
        semaphore: Arc<Semaphore>,
        seen: AtomicUsize,
    }
    impl Wake for Gives {
        fn wake(self: Arc<Self>) {
            self.seen.store(1 + self.semaphore.waiters(), SeqCst);
            self.semaphore.add_permits(1);
        }
    }
    let semaphore = Arc::new(Semaphore::new(0));
    let gives = Arc::new(Gives { semaphore: semaphore.clone(), seen: AtomicUsize::new(0) });
    let (mut first, mut second) = (pin!(semaphore.acquire()), pin!(semaphore.acquire()));
    let waker = Waker::from(gives.clone());
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    assert!(semaphore.close());
    assert_eq!(gives.seen.load(SeqCst), 1, "woken, and nobody waits");
    assert!(matches!(poll(first), Poll::Ready(Err(_))));
    assert!(matches!(poll(second), Poll::Ready(Err(_))));
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn what_was_granted_before_the_close_is_kept() {
    let semaphore = Semaphore::new(0);
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll(waiting.as_mut()).is_pending());
    semaphore.add_permits(1);
    semaphore.close();
    assert!(matches!(poll(waiting.as_mut()), Poll::Ready(Ok(_))));
}

/// Many coroutines, some of which are cut while they wait or hold: the sum of permits stays, and never are too many out.
#[test]
fn stress_permits_are_conserved() {
    const PERMITS: usize = 5;
    let semaphore = Arc::new(Semaphore::new(PERMITS));
    let out = Arc::new(AtomicUsize::new(0));
    run_blocking(async |_: Scope| {
        scope(async |s: Scope| {
            for i in 0..400_usize {
                let (semaphore, out) = (semaphore.clone(), out.clone());
                let job = s.on(Dispatchers::default()).launch(async move {
                    for round in 0..20 {
                        let need = (i + round) % PERMITS + 1;
                        let permits = semaphore.acquire_many(need).await.unwrap();
                        assert!(out.fetch_add(need, SeqCst) + need <= PERMITS);
                        struct Back<'a>(&'a AtomicUsize, usize);
                        impl Drop for Back<'_> {
                            fn drop(&mut self) {
                                self.0.fetch_sub(self.1, SeqCst);
                            }
                        }
                        let back = Back(&out, need);
                        if round % 3 == 0 {
                            yield_now().await;
                        }
                        drop(back);
                        drop(permits);
                    }
                });
                if i % 4 == 0 {
                    s.on(Dispatchers::default()).launch(async move {
                        for _ in 0..i % 16 {
                            yield_now().await;
                        }
                        job.cancel("in the midst of it");
                    });
                }
            }
        })
        .await;
    });
    assert_eq!((out.load(SeqCst), semaphore.available_permits(), semaphore.waiters()), (0, PERMITS, 0));
}

#[test]
fn a_select_takes_one_lock_and_leaves_the_other() {
    run_blocking(async |s: Scope| {
        let (mutex, semaphore) = (Arc::new(Mutex::new(1)), Arc::new(Semaphore::new(0)));
        let held = mutex.lock().await;
        let chosen = {
            let (mutex, semaphore) = (mutex.clone(), semaphore.clone());
            s.spawn(async move {
                coscope::select! {
                    permit = semaphore.acquire() => { drop(permit); 0 }
                    held = mutex.lock() => *held,
                }
            })
        };
        let behind = {
            let mutex = mutex.clone();
            s.spawn(async move { *mutex.lock().await })
        };
        yield_now().await;
        assert_eq!((mutex.waiters(), semaphore.waiters()), (2, 1));
        drop(held);
        assert_eq!((chosen.await, behind.await), (1, 1));
        assert_eq!((mutex.is_locked(), mutex.waiters(), semaphore.waiters()), (false, 0, 0));
    });
}

#[test]
fn a_select_that_goes_hands_its_lock_on() {
    let mutex = Mutex::new(());
    let held = mutex.try_lock().unwrap();
    let mut plain = pin!(mutex.lock());
    {
        let mut select = Box::pin(async {
            coscope::select! {
                held = mutex.lock() => drop(held),
                () = std::future::pending() => {}
            }
        });
        assert!(poll(select.as_mut()).is_pending() && poll(plain.as_mut()).is_pending());
        drop(held);
        assert_eq!(mutex.waiters(), 1);
    }
    assert!(poll(plain.as_mut()).is_ready());
}

#[test]
fn a_mutex_of_what_has_no_size() {
    run_blocking(async |_: Scope| {
        let slice: Arc<Mutex<[i32]>> = Arc::new(Mutex::new([1, 2, 3]));
        slice.lock().await[1] = 7;
        assert_eq!(slice.clone().lock_owned().await.iter().sum::<i32>(), 11);
        let shown: Arc<Mutex<dyn std::fmt::Display + Send>> = Arc::new(Mutex::new("text"));
        assert_eq!(shown.lock().await.to_string(), "text");
        assert_eq!(shown.try_lock().unwrap().to_string(), "text");
    });
}
