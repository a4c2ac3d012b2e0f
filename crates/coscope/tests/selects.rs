//! Selects: exactly one clause happens, and the others have not.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use coscope::channel::{Receiver, Sender, channel, oneshot, rendezvous, unlimited};
use coscope::prelude::*;
use coscope::select::{Select, any_of};
use coscope::{CompletableDeferred, select, select_unbiased, while_select};
use coscope_test::run_test;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

type Log = Arc<Mutex<Vec<String>>>;
fn say(log: &Log, s: impl Into<String>) {
    log.lock().unwrap().push(s.into());
}
fn said(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn what_is_ready_wins_in_the_order_of_the_list() {
    run_blocking(async |_: Scope| {
        let (a, from_a) = channel(1);
        let (b, from_b) = channel(1);
        b.try_send(2).unwrap();
        let got = select! {
            got = from_a.recv() => ("a", got),
            got = from_b.recv() => ("b", got),
        };
        assert_eq!(got, ("b", Ok(2)));
        a.try_send(1).unwrap();
        b.try_send(2).unwrap();
        let got = select! {
            got = from_a.recv() => ("a", got),
            got = from_b.recv() => ("b", got),
        };
        assert_eq!(got, ("a", Ok(1)));
        assert_eq!(from_b.len(), 1);
    });
}

#[test]
fn it_waits_and_the_losers_have_gone_when_the_arm_runs() {
    struct Flag(Arc<AtomicBool>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(0);
        let (other, other_rx) = channel::<u32>(0);
        s.launch(async move {
            yield_now().await;
            tx.send("message").await.unwrap();
        });
        let gone = Arc::new(AtomicBool::new(false));
        let flag = Flag(gone.clone());
        let got = select! {
            _ = other_rx.recv() => unreachable!(),
            _ = async move { let _flag = flag; std::future::pending::<()>().await } => unreachable!(),
            sent = other.send(1) => { sent.unwrap(); unreachable!() }
            got = rx.recv() => {
                assert!(gone.load(SeqCst));
                assert!(other.try_send(1).unwrap_err().is_full() && other_rx.try_recv().is_err());
                got
            }
        };
        assert_eq!(got, Ok("message"));
    });
}

#[test]
fn sends_are_clauses() {
    run_blocking(async |s: Scope| {
        let (a, from_a) = channel(0);
        let (b, from_b) = channel(0);
        let received = s.spawn(async move { from_b.recv().await });
        let sent = select! {
            sent = a.send("to a") => ("a", sent),
            sent = b.send("to b") => ("b", sent),
        };
        assert_eq!(sent, ("b", Ok(())));
        assert_eq!(received.await, Ok("to b"));
        assert!(from_a.try_recv().unwrap_err().is_empty());
        drop(from_a);
        let error = select! {
            sent = a.send("again") => sent.unwrap_err(),
            _ = delay(ms(1000)) => unreachable!(),
        };
        assert_eq!(error.into_inner(), "again");
    });
}

#[test]
fn places_are_clauses() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel(1);
        tx.try_send(1).unwrap();
        let (other, other_rx) = channel(1);
        other.try_send(1).unwrap();
        let receiver = s.spawn(async move {
            yield_now().await;
            rx.recv().await.unwrap() + rx.recv().await.unwrap()
        });
        select! {
            place = other.reserve() => { drop(place); unreachable!() }
            place = tx.reserve() => place.unwrap().send(2).unwrap(),
        }
        assert_eq!(receiver.await, 3);
        assert_eq!(other_rx.try_recv(), Ok(1));
        assert!(other.try_reserve().is_ok());
    });
}

#[test]
fn a_closed_channel_is_a_clause_that_is_ready() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = channel::<u32>(0);
        let (_keep, other) = channel::<u32>(0);
        s.launch(async move {
            yield_now().await;
            drop(tx);
        });
        select! {
            _ = other.recv() => unreachable!(),
            end = rx.recv() => assert!(!end.unwrap_err().is_cancelled()),
        }
    });
}

#[test]
fn coroutines_jobs_answers_and_timeouts() {
    run_test(async |s: Scope| {
        let mut slow = s.spawn(async {
            delay(ms(500)).await;
            "slow"
        });
        let job = s.launch(delay(ms(200)));
        let log: Log = Arc::default();
        for _ in 0..3 {
            let line = select! {
                value = slow.by_ref() => value.to_owned(),
                _ = delay(ms(150)) => "timeout".to_owned(),
            };
            say(&log, line);
        }
        assert_eq!(said(&log), ["timeout", "timeout", "timeout"]);
        assert!(job.is_completed());
        select! {
            _ = job.join() => {}
            _ = slow.by_ref() => unreachable!(),
        }
        assert_eq!(slow.await, "slow");

        let question = CompletableDeferred::new();
        let (tx, rx) = oneshot();
        let (q, answering) = (
            question.clone(),
            s.launch(async move {
                delay(ms(10)).await;
                tx.send(1).unwrap();
            }),
        );
        select! {
            _ = q.wait() => unreachable!(),
            answer = rx.recv() => assert_eq!(answer, Some(1)),
        }
        answering.join().await;
        question.complete(7).unwrap();
        select! {
            _ = rx.recv() => {} // has been received: it will not come again
            _ = q.wait() => unreachable!(),
        }
        select! {
            answer = q.wait() => assert_eq!(answer, Ok(7)),
            _ = delay(ms(1)) => unreachable!(),
        }
        let failing = s.spawn(async { std::future::pending::<()>().await });
        failing.cancel("no more");
        select! {
            outcome = failing.outcome() => assert!(outcome.unwrap_err().is_cancelled()),
            _ = delay(ms(1000)) => unreachable!(),
        }
    });
}

async fn with_a_child_that_cleans_up(log: Log) {
    scope(async move |s: Scope| {
        s.launch(std::future::pending::<()>().finally(async move {
            delay(ms(50)).await;
            say(&log, "cleaned up");
        }));
        std::future::pending::<()>().await;
    })
    .await;
}

#[test]
fn a_loser_of_a_select_is_joined() {
    run_test(async |_: Scope| {
        let log: Log = Arc::default();
        select! {
            _ = with_a_child_that_cleans_up(log.clone()) => unreachable!(),
            _ = delay(ms(10)) => say(&log, "timeout"),
        }
        assert_eq!(said(&log), ["cleaned up", "timeout"]);
        select! {
            _ = shield(async { delay(ms(100)).await; say(&log, "shielded") }) => unreachable!(),
            _ = delay(ms(10)) => say(&log, "timeout"),
        }
        assert_eq!(said(&log), ["shielded", "timeout"]);
    });
}

#[test]
fn a_message_that_won_is_handed_on_if_the_select_is_cut_while_losers_end() {
    run_test(async |s: Scope| {
        let (tx, rx) = channel(0);
        let (receiver, log) = (rx.clone(), Log::default());
        let selecting = s.launch(async move {
            select! {
                _ = with_a_child_that_cleans_up(log) => unreachable!(),
                got = receiver.recv() => panic!("{got:?} although it was cut"),
            }
        });
        yield_now().await;
        tx.try_send(1).unwrap();
        delay(ms(10)).await;
        selecting.cancel("no more");
        assert!(rx.try_recv().is_err());
        selecting.join().await;
        assert_eq!(rx.try_recv(), Ok(1));
    });
}

#[test]
#[should_panic = "in a branch"]
fn a_panic_in_a_future_comes_through() {
    run_blocking(async |_: Scope| {
        let (_tx, rx) = channel::<u32>(0);
        select! {
            _ = rx.recv() => {}
            _ = async { yield_now().await; panic!("in a branch") } => {}
        }
    });
}

#[test]
fn a_select_that_is_dropped_withdraws() {
    let (tx, rx) = channel(0);
    let (other, other_rx) = channel(0);
    {
        let mut selecting = Box::pin(async {
            select! {
                got = rx.recv() => got.unwrap(),
                got = other_rx.recv() => got.unwrap(),
            }
        });
        assert!(poll(selecting.as_mut()).is_pending());
        tx.try_send(1).unwrap(); // it has won, and is not polled any more
        assert!(other.try_send(2).unwrap_err().is_full());
    }
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(other.try_send(2).unwrap_err().is_full() && tx.try_send(2).unwrap_err().is_full());
}

#[test]
fn it_does_not_meet_itself() {
    run_blocking(async |s: Scope| {
        let (tx, rx) = rendezvous();
        let both = s.spawn({
            let (tx, rx) = (tx.clone(), rx.clone());
            async move {
                select! {
                    sent = tx.send(1) => { sent.unwrap(); None }
                    got = rx.recv() => got.ok(),
                    place = tx.reserve() => { drop(place); Some(0) }
                    got = rx.recv() => got.ok(),
                }
            }
        });
        yield_now().await;
        yield_now().await;
        assert!(both.is_active());
        assert_eq!(rx.recv().await, Ok(1));
        assert_eq!(both.await, None);
    });
}

#[test]
fn both_sides_may_be_selects() {
    run_blocking(async |s: Scope| {
        let (a, from_a) = rendezvous();
        let (b, from_b) = rendezvous();
        let there = s.spawn({
            let (a, from_b) = (a.clone(), from_b.clone());
            async move {
                select! {
                    sent = a.send(1) => { sent.unwrap(); "sent" }
                    got = from_b.recv() => { got.unwrap(); "received" }
                }
            }
        });
        yield_now().await;
        let here = select! {
            got = from_a.recv() => { assert_eq!(got, Ok(1)); "received" }
            sent = b.send(2) => { sent.unwrap(); "sent" }
        };
        assert_eq!((here, there.await), ("received", "sent"));
        assert!(from_a.try_recv().is_err() && from_b.try_recv().is_err());
    });
}

#[test]
fn patterns_questions_and_breaks() {
    async fn first(rx: &Receiver<Result<u32, String>>) -> Result<u32, String> {
        let (_tx, never) = channel::<()>(0);
        let mut sum = 0;
        loop {
            select! {
                message = rx.recv() => {
                    let Ok(message) = message else { break };
                    sum += message?;
                }
                _ = never.recv() => unreachable!(),
            }
        }
        Ok(sum)
    }
    run_blocking(async |_: Scope| {
        let (tx, rx) = unlimited();
        tx.try_send(Ok(1)).unwrap();
        tx.try_send(Err("no".to_owned())).unwrap();
        assert_eq!(first(&rx).await, Err("no".to_owned()));
        tx.try_send(Ok(2)).unwrap();
        tx.try_send(Ok(3)).unwrap();
        tx.close();
        assert_eq!(first(&rx).await, Ok(5));
        let (x, y) = select! {
            (x, y) = async { (1, 2) } => (x, y),
        };
        assert_eq!(x + y, 3);
    });
}

#[test]
fn again_and_again() {
    run_test(async |_: Scope| {
        let (tx, rx) = unlimited();
        (1..=3).for_each(|x| tx.try_send(x).unwrap());
        let mut sum = 0;
        while_select! {
            got = rx.recv() => { sum += got.unwrap(); true }
            _ = delay(ms(10)) => false,
        }
        assert_eq!(sum, 6);
    });
}

#[test]
fn made_up_at_run_time() {
    run_test(async |_: Scope| {
        let channels: Vec<_> = (0..5).map(|_| channel::<u32>(1)).collect();
        channels[3].0.try_send(7).unwrap();
        let mut select = Select::new();
        for (at, (_, rx)) in channels.iter().enumerate() {
            select = select.on(rx.recv(), move |got| (at, got.unwrap()));
        }
        assert_eq!(select.await, (3, 7));
        let mut select = Select::new().on(delay(ms(10)), |()| None);
        for (_, rx) in &channels {
            select = select.on(rx.recv(), |got| got.ok());
        }
        assert_eq!(select.on_future(async { delay(ms(20)).await }, |()| Some(1)).await, None);
        assert_eq!(any_of(channels.iter().map(|(_, rx)| rx.recv()).chain([])).await_or_timeout().await, None);
    });
}

trait OrTimeout: Future + Sized {
    async fn await_or_timeout(self) -> Option<Self::Output> {
        with_timeout(ms(10), self).await.ok()
    }
}
impl<F: Future> OrTimeout for F {}

#[test]
#[should_panic = "a select of nothing would wait for ever"]
fn of_nothing() {
    run_blocking(async |_: Scope| Select::<()>::new().await);
}

#[test]
fn unbiased_gives_each_its_share() {
    run_blocking(async |_: Scope| {
        let ends: [(Sender<()>, Receiver<()>); 3] = std::array::from_fn(|_| unlimited());
        for (tx, _) in &ends {
            (0..10_000).for_each(|_| tx.try_send(()).unwrap());
        }
        let mut counts = [0; 2];
        for _ in 0..10_000 {
            select_unbiased! {
                _ = ends[0].1.recv() => counts[0] += 1,
                _ = ends[1].1.recv() => counts[1] += 1,
            }
        }
        assert!(counts.iter().all(|&count| count >= 2500), "{counts:?}");
        let (mut counts, empty) = ([0; 2], unlimited::<()>());
        for _ in 0..3000 {
            let at = Select::new()
                .on(ends[0].1.recv(), |_| 0)
                .on(empty.1.recv(), |_| 9)
                .on(ends[2].1.recv(), |_| 1)
                .unbiased()
                .await;
            counts[at] += 1;
        }
        assert!(counts.iter().all(|&count| count >= 750), "{counts:?}");
    });
}

#[test]
fn in_foreign_executors() {
    let (tx, rx) = channel(0);
    let (other, other_rx) = channel(0);
    let sender = std::thread::spawn(move || {
        futures::executor::block_on(async move {
            for x in 0..1000 {
                select! {
                    sent = tx.send(x) => sent.unwrap(),
                    sent = other.send(x) => sent.unwrap(),
                }
            }
        });
    });
    let sum: u64 = futures::executor::block_on(async move {
        let mut sum = 0;
        loop {
            select_unbiased! {
                got = rx.recv() => match got { Ok(x) => sum += x, Err(_) => break sum },
                got = other_rx.recv() => match got { Ok(x) => sum += x, Err(_) => break sum },
            }
        }
    });
    sender.join().unwrap();
    assert_eq!(sum, 499_500);
}
