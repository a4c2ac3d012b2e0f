//! Channels: the handles, and what they offer beside `send` and `recv`: places, batches, streams, blocking, one-shots.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use coscope::channel::{Receiver, Sender, channel, oneshot, unlimited};
use coscope::prelude::*;
use futures::{Stream, StreamExt};

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn all<T>(rx: &Receiver<T>) -> Vec<T> {
    std::iter::from_fn(|| rx.try_recv().ok()).collect()
}

#[test]
fn places() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(2);
        let first = tx.reserve().await.unwrap();
        tx.try_send(2).unwrap();
        assert!(tx.try_send(3).unwrap_err().is_full() && tx.try_reserve().unwrap_err().is_full());
        first.send(1).unwrap();
        assert_eq!(all(&rx), [2, 1]);

        // one that is not used goes to who waits: a sender, or another who wants a place
        let places = [tx.try_reserve().unwrap(), tx.try_reserve().unwrap()];
        let sender = tx.clone();
        let sent = s.spawn(async move { sender.send(4).await });
        let sender = tx.clone();
        let reserved = s.spawn(async move { sender.reserve().await.unwrap().send(5) });
        yield_now().await;
        assert!(sent.is_active() && rx.is_empty());
        let received = s.spawn({
            let rx = rx.clone();
            async move { rx.recv().await }
        });
        yield_now().await;
        drop(places);
        assert_eq!((sent.await, received.await), (Ok(()), Ok(4)));
        assert_eq!((reserved.await, rx.recv().await), (Ok(()), Ok(5)));

        // granted to one who goes without polling
        let place = tx.try_reserve().unwrap();
        let other = tx.try_reserve().unwrap();
        let mut waits = Box::pin(tx.reserve());
        assert!(poll(waits.as_mut()).is_pending());
        drop(place);
        drop(waits);
        assert!(tx.try_reserve().is_ok());

        // closed: what has a place is still sent; cancelled: not
        let place = tx.try_reserve().unwrap();
        tx.close();
        assert!(tx.reserve().await.is_err());
        let mut receives = Box::pin(rx.recv());
        assert!(poll(receives.as_mut()).is_pending());
        place.send(6).unwrap();
        assert_eq!(receives.await, Ok(6));
        drop(other);
        assert!(rx.try_recv().unwrap_err().is_closed());
    });
}

#[test]
fn a_place_in_a_rendezvous_is_there_when_a_receiver_waits() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(0);
        assert!(tx.try_reserve().unwrap_err().is_full());
        let sender = tx.clone();
        let sent = s.launch(async move { sender.reserve().await.unwrap().send(1).unwrap() });
        yield_now().await;
        assert!(sent.is_active());
        assert_eq!(rx.recv().await, Ok(1));
        sent.join().await;
        let place = {
            let mut goes = Box::pin(rx.recv());
            assert!(poll(goes.as_mut()).is_pending());
            tx.try_reserve().unwrap()
        };
        place.send(2).unwrap(); // to the next
        assert_eq!(rx.recv().await, Ok(2));
        assert!(tx.try_reserve().is_err());
    });
}

#[test]
fn a_closed_channel_waits_for_its_places() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel::<u32>(2);
        let place = tx.reserve().await.unwrap();
        let received = s.spawn(async move { rx.recv().await });
        yield_now().await;
        tx.close();
        yield_now().await;
        assert!(received.is_active());
        drop(place);
        assert!(received.await.is_err());
    });
}

#[test]
fn in_batches() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(4);
        s.launch(async move {
            for x in 0..10 {
                tx.send(x).await.unwrap();
            }
        });
        let mut got = vec![];
        assert_eq!(rx.recv_many(&mut got, 0).await, 0);
        loop {
            let before = got.len();
            let count = rx.recv_many(&mut got, 3).await;
            assert!(count <= 3 && got.len() == before + count);
            if count == 0 {
                break;
            }
        }
        assert_eq!(got, (0..10).collect::<Vec<_>>());
    });
}

#[test]
fn as_a_stream() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(1);
        let sum = s.spawn(rx.clone().fold(0, |sum, x| async move { sum + x }));
        let rest = s.spawn(rx.collect::<Vec<u32>>());
        for x in 0..100 {
            tx.send(x).await.unwrap();
        }
        drop(tx);
        assert_eq!(sum.await + rest.await.into_iter().sum::<u32>(), 4950);
    });
}

#[test]
fn a_stream_that_goes_hands_its_message_on() {
    let (tx, rx) = channel(0);
    let mut stream = rx.clone();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(&mut stream).poll_next(&mut cx).is_pending());
    tx.try_send(1).unwrap();
    drop(stream);
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn blocking_from_threads() {
    for capacity in [0, 1, 16] {
        let (tx, rx) = channel(capacity);
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let tx = tx.clone();
                std::thread::spawn(move || (0..1000).for_each(|x| tx.send_blocking(x).unwrap()))
            })
            .collect();
        drop(tx);
        let mut sum = 0;
        while let Ok(x) = rx.recv_blocking() {
            sum += x;
        }
        assert_eq!(sum, 2 * 499_500);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
}

#[test]
fn between_threads_and_coroutines_and_foreign_executors() {
    let (tx, rx) = channel(0);
    let (back, answers) = channel(0);
    let echo = std::thread::spawn(move || {
        futures::executor::block_on(async move {
            while let Ok(x) = rx.recv().await {
                back.send(x * 2).await.unwrap();
            }
        });
    });
    run_blocking(async move |s: Scope| {
        s.launch(async move {
            for x in 0..100 {
                tx.send(x).await.unwrap();
            }
        });
        let mut sum = 0;
        while let Ok(x) = answers.recv().await {
            sum += x;
        }
        assert_eq!(sum, 9900);
    });
    echo.join().unwrap();
}

#[test]
fn another_waker_takes_over() {
    use std::task::Wake;
    struct Flag(AtomicUsize);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let flags = [(); 2].map(|()| Arc::new(Flag(AtomicUsize::new(0))));
    let (tx, rx) = channel(0);
    let mut receives = Box::pin(rx.recv());
    for flag in &flags {
        let waker = Waker::from(flag.clone());
        assert!(receives.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    tx.try_send(1).unwrap();
    assert_eq!(flags.map(|flag| flag.0.load(SeqCst)), [0, 1]);
    assert_eq!(poll(receives.as_mut()), Poll::Ready(Ok(1)));
}

#[test]
fn a_busy_receiver_lets_others_run() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = unlimited();
        (0..10_000).for_each(|x| tx.try_send(x).unwrap());
        drop(tx);
        let other = s.launch(async {});
        let mut received = 0;
        while rx.recv().await.is_ok() {
            received += 1;
            if received == 1000 {
                assert!(other.is_completed());
            }
        }
        assert_eq!(received, 10_000);
    });
}

#[test]
fn answers() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = oneshot();
        let answer = s.spawn(async move { rx.recv().await });
        yield_now().await;
        tx.send(42).unwrap();
        assert_eq!(answer.await, Some(42));

        let (tx, rx) = oneshot::<u32>();
        drop(tx);
        assert_eq!((rx.try_recv(), rx.recv().await), (None, None));

        let (tx, rx) = oneshot::<u32>();
        let gone = s.launch(async move {
            tx.closed().await;
            assert!(tx.is_closed());
            assert_eq!(tx.send(1), Err(1));
        });
        yield_now().await;
        assert!(gone.is_active());
        drop(rx);
        gone.join().await;
    });
}

#[test]
fn handles_know_their_channel() {
    let (tx, rx) = channel::<u8>(3);
    let (other, _rx) = channel::<u8>(3);
    assert!(tx.same_channel(&tx.clone()) && !tx.same_channel(&other) && rx.same_channel(&rx.clone()));
    assert!(format!("{tx:?} {rx:?}").contains("len: 0"));
    fn assert_traits<T: Send + Sync + Unpin>(_: &T) {}
    assert_traits::<Sender<u8>>(&tx);
    assert_traits::<Receiver<u8>>(&rx);
}
