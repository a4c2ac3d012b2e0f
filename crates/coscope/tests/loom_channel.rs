//! Channels under the model checker: each message arrives once, or comes back, and nobody sleeps beside one.
//!
//! Real channels and real selects, driven by bare threads. A wake that is lost leaves a thread asleep, and the checker says
//! "deadlock"; a message that two have, or that is moved while somebody else looks, is two uses of one cell.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `a_rendezvous` | one sends; one receives | the message arrives |
//! | `a_ring_of_one` | one sends two; one receives two | both arrive, in order |
//! | `a_receive_goes_as_it_is_met` | one polls a receive once and drops it; one sends | the next receive gets the message |
//! | `a_send_goes_as_it_is_met` | one polls a send once and drops it; one tries to receive | sent and received, or neither |
//! | `a_close_races_with_a_receive` | one sends and closes; one receives two | the message, then the end |
//! | `a_cancel_races_with_a_send` | one sends; one cancels | sent, or the message is back, and it is dropped once |
//! | `a_place_is_given_back` | one takes the place and drops it; one sends; one receives | the message arrives |
//! | `the_last_sender_goes` | one drops the last sender; one asks for another by a weak one | it has one, or the channel is closed |
//! | `selects_cross` | a select sends on one or receives on the other; a select the other way round | they meet once |
//! | `a_select_goes_as_it_is_met` | a select is polled once and dropped; one sends | the next receive gets the message |
//!
//! Taken out, and seen to fail:
//! * the second look, under the lock, before a receiver stands in the queue (it sleeps for ever);
//! * a receive that goes drops its message instead of passing it on (both `a_…_goes_as_it_is_met` of receivers);
//! * `DONE` is set before the message has been moved (the same two);
//! * a weak sender that finds no sender any more leaves it to the last one to close (`the_last_sender_goes`);
//! * the mark of a select that was missed is not written again where it stands already, and is taken back by a store
//!   (`selects_cross`: a look that saw the first mark need not see what the second left).
#![cfg(loom)]
#![allow(missing_docs, clippy::disallowed_methods)]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst}; // counts only: not for the checker to see
use std::task::{Context, Poll, Wake, Waker};

use coscope::channel::channel;
use coscope::select;
use loom::sync::{Condvar, Mutex};
use loom::thread;

/// A thread that waits for a future.
struct Parked {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

fn parked() -> Arc<Parked> {
    Arc::new(Parked { woken: Mutex::new(false), changed: Condvar::new() })
}

/// Polls until it is ready. Deadlocks, and the checker says so, if a wake is lost.
fn block_on<F: Future>(future: F) -> F::Output {
    let parked = parked();
    let waker = Waker::from(parked.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        let mut woken = parked.woken.lock().unwrap();
        while !*woken {
            woken = parked.changed.wait(woken).unwrap();
        }
        *woken = false;
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(parked())))
}

/// A message whose every use the checker watches.
struct Message(loom::cell::UnsafeCell<u32>, Arc<AtomicUsize>);

// SAFETY: that no two uses are at once is what the checker checks.
unsafe impl Send for Message {}

impl Message {
    fn new(value: u32, dropped: &Arc<AtomicUsize>) -> Self {
        Message(loom::cell::UnsafeCell::new(value), dropped.clone())
    }
    fn value(&self) -> u32 {
        // SAFETY: as above.
        self.0.with_mut(|value| unsafe { *value })
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.value();
        self.1.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_rendezvous() {
    loom::model(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = channel(0);
        let message = Message::new(7, &dropped);
        let sender = thread::spawn(move || assert!(block_on(tx.send(message)).is_ok()));
        assert_eq!(block_on(rx.recv()).unwrap().value(), 7);
        sender.join().unwrap();
        assert_eq!(dropped.load(SeqCst), 1);
    });
}

#[test]
fn a_ring_of_one() {
    loom::model(|| {
        let (tx, rx) = channel(1);
        let sender = thread::spawn(move || {
            block_on(tx.send(1)).unwrap();
            block_on(tx.send(2)).unwrap();
        });
        assert_eq!(block_on(rx.recv()), Ok(1));
        assert_eq!(block_on(rx.recv()), Ok(2));
        sender.join().unwrap();
    });
}

#[test]
fn a_receive_goes_as_it_is_met() {
    loom::model(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = channel(0);
        let message = Message::new(7, &dropped);
        let sender = thread::spawn(move || assert!(block_on(tx.send(message)).is_ok()));
        let mut goes = Box::pin(rx.recv());
        match poll_once(goes.as_mut()) {
            Poll::Ready(message) => assert_eq!(message.unwrap().value(), 7),
            Poll::Pending => {
                drop(goes);
                assert_eq!(block_on(rx.recv()).unwrap().value(), 7);
            }
        }
        sender.join().unwrap();
        assert_eq!(dropped.load(SeqCst), 1);
    });
}

#[test]
fn a_send_goes_as_it_is_met() {
    loom::model(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = channel(0);
        let message = Message::new(7, &dropped);
        let sender = thread::spawn(move || {
            let mut goes = Box::pin(tx.send(message));
            let _sent = poll_once(goes.as_mut());
        });
        if let Ok(message) = rx.try_recv() {
            assert_eq!(message.value(), 7);
        }
        sender.join().unwrap();
        assert!(rx.try_recv().is_err());
        assert_eq!(dropped.load(SeqCst), 1);
    });
}

#[test]
fn a_close_races_with_a_receive() {
    loom::model(|| {
        let (tx, rx) = channel(1);
        let sender = thread::spawn(move || {
            block_on(tx.send(1)).unwrap();
            drop(tx);
        });
        assert_eq!(block_on(rx.recv()), Ok(1));
        assert!(block_on(rx.recv()).is_err());
        sender.join().unwrap();
    });
}

#[test]
fn a_cancel_races_with_a_send() {
    loom::model(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = channel(0);
        let message = Message::new(7, &dropped);
        let sender = thread::spawn(move || {
            let error = block_on(tx.send(message)).unwrap_err();
            assert_eq!(error.into_inner().value(), 7);
        });
        rx.cancel();
        sender.join().unwrap();
        assert_eq!(dropped.load(SeqCst), 1);
    });
}

#[test]
fn a_place_is_given_back() {
    loom::model(|| {
        let (tx, rx) = channel(1);
        let place = tx.try_reserve().unwrap();
        let sender = {
            let tx = tx.clone();
            thread::spawn(move || block_on(tx.send(7)).unwrap())
        };
        let receiver = thread::spawn(move || assert_eq!(block_on(rx.recv()), Ok(7)));
        drop(place);
        sender.join().unwrap();
        receiver.join().unwrap();
    });
}

#[test]
fn the_last_sender_goes() {
    loom::model(|| {
        let (tx, rx) = channel::<()>(1);
        let weak = tx.downgrade();
        let goes = thread::spawn(move || drop(tx));
        match weak.upgrade() {
            Some(own) => {
                goes.join().unwrap();
                assert!(!rx.is_closed(), "it has a sender");
                drop(own);
            }
            None => assert!(rx.is_closed(), "it has no sender any more"),
        }
        assert!(rx.is_closed());
    });
}

#[test]
fn selects_cross() {
    loom::model(|| {
        let (p, from_p) = channel(0);
        let (q, from_q) = channel(0);
        let other = {
            let (q, from_p) = (q.clone(), from_p.clone());
            thread::spawn(move || {
                block_on(async {
                    select! {
                        got = from_p.recv() => { assert_eq!(got, Ok(1)); "p" }
                        sent = q.send(2) => { sent.unwrap(); "q" }
                    }
                })
            })
        };
        let here = block_on(async {
            select! {
                sent = p.send(1) => { sent.unwrap(); "p" }
                got = from_q.recv() => { assert_eq!(got, Ok(2)); "q" }
            }
        });
        assert_eq!(here, other.join().unwrap());
        assert!(from_p.try_recv().is_err() && from_q.try_recv().is_err());
    });
}

#[test]
fn a_select_goes_as_it_is_met() {
    loom::model(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = channel(0);
        let (_never, other) = channel::<()>(0);
        let message = Message::new(7, &dropped);
        let sender = thread::spawn(move || assert!(block_on(tx.send(message)).is_ok()));
        let mut goes = Box::pin(async {
            select! {
                _ = other.recv() => unreachable!(),
                got = rx.recv() => got.unwrap(),
            }
        });
        match poll_once(goes.as_mut()) {
            Poll::Ready(message) => assert_eq!(message.value(), 7),
            Poll::Pending => {
                drop(goes);
                assert_eq!(block_on(rx.recv()).unwrap().value(), 7);
            }
        }
        sender.join().unwrap();
        assert_eq!(dropped.load(SeqCst), 1);
    });
}
