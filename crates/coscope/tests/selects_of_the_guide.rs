//! Selects: the programs of the guide to Kotlin's coroutines, and what they print.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use coscope::channel::channel;
use coscope::prelude::*;
use coscope::select;
use coscope::select::any_of;
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
