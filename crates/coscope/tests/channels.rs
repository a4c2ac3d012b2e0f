//! Channels: what every flavor and method does, exactly.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use coscope::channel::{
    Capacity, Overflow, Receiver, TryRecvError, TrySendError, channel, channel_with, conflated, rendezvous,
    unlimited,
};
use coscope::prelude::*;

/// Counts how many of it are alive.
#[derive(Debug)]
struct Counted(u32, Arc<AtomicUsize>);

impl Counted {
    fn new(value: u32, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, SeqCst);
        Counted(value, alive.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, SeqCst);
    }
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn all<T>(rx: &Receiver<T>) -> Vec<T> {
    std::iter::from_fn(|| rx.try_recv().ok()).collect()
}

#[test]
fn a_rendezvous_keeps_nothing() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(0);
        assert_eq!((tx.capacity(), tx.len(), tx.is_empty()), (Some(0), 0, true));
        assert!(tx.try_send(0).unwrap_err().is_full());
        let sender = tx.clone();
        let sent = s.spawn(async move { sender.send(1).await });
        yield_now().await;
        assert!(sent.is_active());
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(sent.await, Ok(()));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        let received = s.spawn(async move { rx.recv().await });
        yield_now().await;
        tx.try_send(2).unwrap();
        assert!(matches!(tx.try_send(3), Err(TrySendError::Full(3))));
        assert_eq!(received.await, Ok(2));
    });
}

#[test]
fn a_buffered_channel_keeps_as_many_as_it_says() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(4);
        let sent = Arc::new(AtomicUsize::new(0));
        let count = sent.clone();
        let sender = s.launch(async move {
            for x in 0..10 {
                tx.send(x).await.unwrap();
                count.fetch_add(1, SeqCst);
            }
        });
        yield_now().await;
        assert_eq!((sent.load(SeqCst), rx.len()), (4, 4));
        assert_eq!(rx.recv().await, Ok(0));
        assert_eq!(rx.len(), 4); // the sender that waits has come in
        assert_eq!((1..10).collect::<Vec<_>>(), {
            let mut rest = vec![];
            while let Ok(x) = rx.recv().await {
                rest.push(x);
            }
            rest
        });
        assert!(sender.is_completed() || sender.is_active());
    });
}

#[test]
fn unlimited_never_waits() {
    let (tx, rx) = unlimited();
    assert_eq!(tx.capacity(), None);
    (0..10_000).for_each(|x| tx.try_send(x).unwrap());
    assert_eq!(rx.len(), 10_000);
    assert_eq!(all(&rx), (0..10_000).collect::<Vec<_>>());
}

#[test]
fn conflated_keeps_the_latest() {
    run_blocking(async |_: Scope| {
        let (tx, rx) = conflated();
        for x in 1..=3 {
            tx.send(x).await.unwrap();
        }
        assert_eq!(rx.recv().await, Ok(3));
        assert!(rx.try_recv().unwrap_err().is_empty());
    });
}

#[test]
fn overflow_drops_the_oldest_or_the_latest() {
    let (tx, rx) = channel_with(2, Overflow::DropOldest);
    (1..=5).for_each(|x| tx.try_send(x).unwrap());
    assert_eq!(all(&rx), [4, 5]);
    let (tx, rx) = channel_with(2, Overflow::DropLatest);
    (1..=5).for_each(|x| tx.try_send(x).unwrap());
    assert_eq!(all(&rx), [1, 2]);
    let (tx, rx) = channel_with(0, Overflow::DropOldest);
    (1..=3).for_each(|x| tx.try_send(x).unwrap());
    assert_eq!((rx.capacity(), all(&rx)), (Some(1), vec![3]));
}

#[test]
fn what_overflows_is_dropped_once() {
    for overflow in [Overflow::DropOldest, Overflow::DropLatest] {
        let alive = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = channel_with(2, overflow);
        (1..=5).for_each(|x| tx.try_send(Counted::new(x, &alive)).unwrap());
        assert_eq!(alive.load(SeqCst), 2);
        drop(rx);
        assert_eq!(alive.load(SeqCst), 0);
    }
}

#[test]
#[should_panic = "a conflated channel drops the oldest"]
fn conflated_with_another_overflow_is_a_mistake() {
    let _channel = channel_with::<()>(Capacity::Conflated, Overflow::DropLatest);
}

#[test]
fn closing_lets_everything_in_it_out() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(2);
        let senders: Vec<_> = (0..4)
            .map(|x| {
                let tx = tx.clone();
                s.spawn(async move { tx.send(x).await })
            })
            .collect();
        yield_now().await;
        assert!(tx.close() && !tx.close() && !rx.close());
        assert!(tx.is_closed() && rx.is_closed());
        let error = tx.send(9).await.unwrap_err();
        assert!(!error.is_cancelled() && error.into_inner() == 9);
        assert!(tx.try_send(9).unwrap_err().is_closed());
        for x in 0..4 {
            assert_eq!(rx.recv().await, Ok(x));
        }
        for sender in senders {
            assert_eq!(sender.await, Ok(()));
        }
        assert!(rx.try_recv().unwrap_err().is_closed());
    });
}

#[test]
fn cancelling_drops_what_is_in_it_and_hands_the_waiting_back() {
    run_blocking(async |s: Scope| {
        let alive = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = channel(2);
        let senders: Vec<_> = (0..4)
            .map(|x| {
                let (tx, message) = (tx.clone(), Counted::new(x, &alive));
                s.spawn(async move { tx.send(message).await })
            })
            .collect();
        yield_now().await;
        assert!(rx.cancel() && !rx.cancel());
        assert_eq!(alive.load(SeqCst), 2);
        let mut back = vec![];
        for sender in senders {
            if let Err(error) = sender.await {
                assert!(error.is_cancelled());
                back.push(error.into_inner().0);
            }
        }
        assert_eq!(back, [2, 3]);
        assert_eq!(alive.load(SeqCst), 0);
        assert!(rx.recv().await.unwrap_err().is_cancelled());
    });
}

#[test]
fn a_cause_is_kept() {
    run_blocking(async |_: Scope| {
        let (tx, rx) = channel::<i32>(1);
        tx.try_send(1).unwrap();
        assert!(rx.close_with("disk full"));
        let error = tx.send(2).await.unwrap_err();
        assert_eq!(error.cause().unwrap().to_string(), "disk full");
        assert!(error.to_string().ends_with(": disk full") && std::error::Error::source(&error).is_some());
        assert_eq!(rx.recv().await, Ok(1));
        let error = rx.recv().await.unwrap_err();
        assert!(error.to_string().ends_with(": disk full") && std::error::Error::source(&error).is_some());
    });
}

#[test]
fn the_last_sender_closes_and_the_last_receiver_cancels() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel::<u32>(0);
        let waits = s.spawn(async move { rx.recv().await });
        let other = tx.clone();
        drop(tx);
        yield_now().await;
        assert!(waits.is_active());
        drop(other);
        assert!(!waits.await.unwrap_err().is_cancelled());

        let (tx, rx) = channel::<u32>(0);
        let waits = s.spawn(async move { tx.send(7).await });
        let other = rx.clone();
        drop(rx);
        yield_now().await;
        assert!(waits.is_active());
        drop(other);
        let error = waits.await.unwrap_err();
        assert!(error.is_cancelled() && error.into_inner() == 7);
    });
}

#[test]
fn a_weak_sender_does_not_keep_it_open() {
    let (tx, rx) = channel(1);
    let weak = tx.downgrade();
    weak.upgrade().unwrap().try_send(1).unwrap();
    drop(tx);
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(rx.try_recv().unwrap_err().is_closed());
}

#[test]
fn a_hundred_senders_go_in_order() {
    run_blocking(async |s: Scope| {
        for capacity in [0, 1, 7] {
            let (tx, rx) = channel(capacity);
            for x in 0..100 {
                let tx = tx.clone();
                s.launch(async move { tx.send(x).await.unwrap() });
            }
            drop(tx);
            yield_now().await;
            let mut got = vec![];
            while let Ok(x) = rx.recv().await {
                got.push(x);
            }
            assert_eq!(got, (0..100).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_hundred_receivers_go_in_order() {
    run_blocking(async |s: Scope| {
        for capacity in [0, 1, 7] {
            let (tx, rx) = channel(capacity);
            let receivers: Vec<_> = (0..100)
                .map(|_| {
                    let rx = rx.clone();
                    s.spawn(async move { rx.recv().await.unwrap() })
                })
                .collect();
            yield_now().await;
            for x in 0..100 {
                tx.send(x).await.unwrap();
            }
            assert_eq!(await_all(receivers).await, (0..100).collect::<Vec<_>>());
        }
    });
}

#[test]
fn ping_pong_alternates() {
    run_blocking(async |s: Scope| {
        let (table, ball) = rendezvous::<u32>();
        let log = Arc::new(std::sync::Mutex::new(Vec::new()));
        let players: Vec<_> = ["ping", "pong"]
            .map(|name| {
                let (table, ball, log) = (table.clone(), ball.clone(), log.clone());
                s.launch(async move {
                    while let Ok(hits) = ball.recv().await {
                        log.lock().unwrap().push((name, hits + 1));
                        if hits + 1 == 100 {
                            ball.cancel();
                        }
                        if table.send(hits + 1).await.is_err() {
                            break;
                        }
                    }
                })
            })
            .into();
        table.send(0).await.unwrap();
        join_all(players).await;
        let log = log.lock().unwrap();
        assert_eq!(log.len(), 100);
        for (at, &(name, hits)) in log.iter().enumerate() {
            assert_eq!((name, hits), (["ping", "pong"][at % 2], at as u32 + 1));
        }
    });
}

#[test]
fn a_receive_that_goes_hands_its_message_on() {
    let alive = Arc::new(AtomicUsize::new(0));
    for capacity in [0, 2] {
        let (tx, rx) = channel(capacity);
        let mut first = Box::pin(rx.recv());
        let mut second = Box::pin(rx.recv());
        assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
        tx.try_send(Counted::new(1, &alive)).unwrap(); // to the first
        drop(first);
        let Poll::Ready(Ok(message)) = poll(second.as_mut()) else { panic!("it goes to the next") };
        assert_eq!(message.0, 1);

        let mut third = Box::pin(rx.recv());
        assert!(poll(third.as_mut()).is_pending());
        tx.try_send(Counted::new(2, &alive)).unwrap();
        if capacity > 0 {
            tx.try_send(Counted::new(3, &alive)).unwrap();
        }
        drop(third);
        assert_eq!(rx.len(), 1 + capacity / 2); // back to the front
        let rest: Vec<_> = all(&rx).iter().map(|message| message.0).collect();
        assert_eq!(rest, if capacity > 0 { vec![2, 3] } else { vec![2] });

        let mut last = Box::pin(rx.recv());
        assert!(poll(last.as_mut()).is_pending());
        tx.try_send(Counted::new(4, &alive)).unwrap();
        tx.cancel();
        drop(last); // nobody can have it any more
        drop(message);
        assert_eq!(alive.load(SeqCst), 0);
    }
}

#[test]
fn a_cancelled_receiver_loses_nothing() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(0);
        for round in 0..100 {
            let other = rx.clone();
            let cut = s.launch(async move {
                let got = other.recv().await.unwrap();
                panic!("cut before it could see {got}");
            });
            yield_now().await;
            tx.try_send(round).unwrap(); // handed over, and not polled yet
            cut.cancel("no more");
            cut.join().await;
            assert_eq!(rx.try_recv(), Ok(round));
        }
    });
}

#[test]
fn a_cancelled_send_has_not_sent() {
    run_blocking(async |s: Scope| {
        let alive = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = channel(0);
        let (sender, message) = (tx.clone(), Counted::new(1, &alive));
        let cut = s.launch(async move { sender.send(message).await.unwrap() });
        yield_now().await;
        cut.cancel_and_join("no more").await;
        assert_eq!(alive.load(SeqCst), 0);
        assert!(rx.try_recv().unwrap_err().is_empty());
    });
}
