//! Selects: exactly one clause happens, and the others have not.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
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
fn fizz_and_buzz() {
    run_test(async |s: Scope| {
        let log: Log = Arc::default();
        let every = |period: u64, word: &'static str| {
            let (tx, rx) = channel(0);
            let job = s.launch(async move {
                loop {
                    delay(ms(period)).await;
                    if tx.send(word).await.is_err() {
                        break;
                    }
                }
            });
            (rx, job)
        };
        let (fizz, one) = every(300, "Fizz");
        let (buzz, other) = every(500, "Buzz!");
        for _ in 0..7 {
            select! {
                word = fizz.recv() => say(&log, word.unwrap()),
                word = buzz.recv() => say(&log, word.unwrap()),
            }
        }
        assert_eq!(said(&log), ["Fizz", "Buzz!", "Fizz", "Fizz", "Buzz!", "Fizz", "Buzz!"]);
        one.cancel("enough");
        other.cancel("enough");
    });
}

#[test]
fn two_channels_until_both_are_closed() {
    run_test(async |s: Scope| {
        let produce = |name: &'static str, word: &'static str| {
            let (tx, rx) = channel(0);
            s.launch(async move {
                for at in 0..4 {
                    if tx.send(format!("{name} -> '{word} {at}'")).await.is_err() {
                        break;
                    }
                }
            });
            rx
        };
        let (a, b) = (produce("a", "Hello"), produce("b", "World"));
        let log: Log = Arc::default();
        for _ in 0..8 {
            select! {
                got = a.recv() => say(&log, got.unwrap_or("Channel 'a' is closed".to_owned())),
                got = b.recv() => say(&log, got.unwrap_or("Channel 'b' is closed".to_owned())),
            }
        }
        let expected = [
            "a -> 'Hello 0'",
            "a -> 'Hello 1'",
            "b -> 'World 0'",
            "a -> 'Hello 2'",
            "a -> 'Hello 3'",
            "b -> 'World 1'",
            "Channel 'a' is closed",
            "Channel 'a' is closed",
        ];
        assert_eq!(said(&log), expected);
    });
}

#[test]
fn a_slow_consumer_and_a_side_channel() {
    run_test(async |s: Scope| {
        let (side, from_side) = channel(0);
        let (main, from_main) = channel(0);
        let log: Log = Arc::default();
        s.launch({
            let log = log.clone();
            async move {
                while let Ok(x) = from_side.recv().await {
                    say(&log, format!("Side channel has {x}"));
                }
            }
        });
        s.launch(async move {
            for x in 1..=10 {
                delay(ms(100)).await;
                select! {
                    sent = main.send(x) => sent.unwrap(),
                    sent = side.send(x) => sent.unwrap(),
                }
            }
        });
        while let Ok(x) = from_main.recv().await {
            say(&log, format!("Consuming {x}"));
            delay(ms(250)).await;
        }
        let expected = [1, -2, -3, 4, -5, -6, 7, -8, -9, 10]
            .map(|x: i32| if x > 0 { format!("Consuming {x}") } else { format!("Side channel has {}", -x) });
        assert_eq!(said(&log), expected);
    });
}

#[test]
fn the_first_of_twelve() {
    run_test(async |s: Scope| {
        let times = [734, 660, 210, 581, 128, 202, 549, 564, 459, 961, 585, 882];
        let deferreds: Vec<_> = times
            .iter()
            .map(|&time| {
                s.spawn(async move {
                    delay(ms(time)).await;
                    format!("Waited for {time} ms")
                })
            })
            .collect();
        let jobs: Vec<Job> = deferreds.iter().map(Deferred::job).collect();
        let (at, answer) = any_of(deferreds).await;
        assert_eq!((at, answer.as_str()), (4, "Waited for 128 ms"));
        assert_eq!(jobs.iter().filter(|job| job.is_active()).count(), 11);
    });
}

#[test]
fn the_latest_of_a_channel_of_deferreds() {
    run_test(async |s: Scope| {
        let (tx, rx) = channel::<Deferred<&'static str>>(0);
        let log: Log = Arc::default();
        let l = log.clone();
        s.launch(async move {
            let Ok(mut current) = rx.recv().await else { return };
            loop {
                select! {
                    next = rx.recv() => match next {
                        Ok(next) => current = next,
                        Err(_) => { say(&l, "Channel was closed"); break }
                    },
                    value = current.by_ref() => {
                        say(&l, value);
                        match rx.recv().await {
                            Ok(next) => current = next,
                            Err(_) => { say(&l, "Channel was closed"); break }
                        }
                    }
                }
            }
        });
        let word = |word: &'static str, time| {
            s.spawn(async move {
                delay(ms(time)).await;
                word
            })
        };
        for (deferred, pause) in [(word("BEGIN", 100), 200), (word("Slow", 500), 100)].into_iter() {
            tx.send(deferred).await.unwrap();
            delay(ms(pause)).await;
        }
        tx.send(word("Replace", 100)).await.unwrap();
        delay(ms(500)).await;
        tx.send(word("END", 500)).await.unwrap();
        delay(ms(1000)).await;
        drop(tx);
        delay(ms(1)).await;
        assert_eq!(said(&log), ["BEGIN", "Replace", "END", "Channel was closed"]);
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

/// How long the crossed selects go on: `COSCOPE_STRESS_SELECTS`.
fn rounds() -> usize {
    std::env::var("COSCOPE_STRESS_SELECTS").ok().map_or(2_000, |rounds| rounds.parse().unwrap())
}

/// Eight coroutines, each a loop of selects that send on two of four rendezvous channels and receive on the others, in
/// orders of their own.
#[test]
fn crossed() {
    let rounds = rounds();
    let (sent, received) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (sums, counts) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    coscope::run_blocking_on(Dispatchers::default(), async |s: Scope| {
        let ends: Vec<_> = (0..4).map(|_| rendezvous::<usize>()).collect();
        let left = Arc::new(AtomicUsize::new(8 * rounds));
        for me in 0..8usize {
            let ends = ends.clone();
            let (sent, received) = (sent.clone(), received.clone());
            let (sums, counts, left) = (sums.clone(), counts.clone(), left.clone());
            s.launch(async move {
                let at = |offset: usize| &ends[(me + offset) % 4];
                for round in 0.. {
                    let value = round * 8 + me + 1;
                    let (flip, flop) = if me < 4 { (0, 2) } else { (2, 0) };
                    let open = select_unbiased! {
                        result = at(flip).0.send(value) => {
                            result.is_ok() && { sent.fetch_add(1, SeqCst); sums.fetch_add(value, SeqCst); true }
                        }
                        result = at(flip + 1).0.send(value) => {
                            result.is_ok() && { sent.fetch_add(1, SeqCst); sums.fetch_add(value, SeqCst); true }
                        }
                        result = at(flop).1.recv() => match result {
                            Ok(value) => { received.fetch_add(1, SeqCst); counts.fetch_add(value, SeqCst); true }
                            Err(_) => false,
                        },
                        result = at(flop + 1).1.recv() => match result {
                            Ok(value) => { received.fetch_add(1, SeqCst); counts.fetch_add(value, SeqCst); true }
                            Err(_) => false,
                        },
                    };
                    if !open {
                        break;
                    }
                    if left.fetch_sub(1, SeqCst) <= 1 {
                        ends.iter().for_each(|(tx, _)| { tx.close(); });
                        left.store(1, SeqCst);
                        break;
                    }
                }
            });
        }
    });
    assert_eq!(sent.load(SeqCst), received.load(SeqCst));
    assert_eq!(sums.load(SeqCst), counts.load(SeqCst));
    assert!(sent.load(SeqCst) >= 4 * rounds - 8);
}
