//! Pipelines, fan-out and fan-in of producers: all is delivered once, and nothing is left.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use coscope::actor::Produced;
use coscope::channel::{Sender, channel};
use coscope::prelude::*;
use coscope_test::run_test;
use futures::StreamExt;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn numbers_from(s: &Scope, start: u32) -> Produced<u32> {
    s.produce(0, async move |to: Sender<u32>| {
        for x in start.. {
            to.send(x).await.unwrap();
        }
    })
}

fn filter(s: &Scope, numbers: Produced<u32>, prime: u32) -> Produced<u32> {
    s.produce(0, async move |to: Sender<u32>| {
        while let Ok(x) = numbers.recv().await {
            if x % prime != 0 {
                to.send(x).await.unwrap();
            }
        }
    })
}

async fn primes(s: &Scope, n: usize) -> (Vec<u32>, Produced<u32>) {
    let mut current = numbers_from(s, 2);
    let mut primes = Vec::new();
    for _ in 0..n {
        let prime = current.recv().await.unwrap();
        primes.push(prime);
        current = filter(s, current, prime);
    }
    (primes, current)
}

const TEN: [u32; 10] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29];

#[test]
fn a_sieve_leaves_nothing_when_its_last_receiver_goes() {
    run_test(async |s: Scope| {
        let (found, last) = primes(&s, 10).await;
        assert_eq!(found, TEN);
        assert_eq!(s.children().len(), 11);
        let all = s.children();
        drop(last);
        coscope::join_all(all).await;
        assert!(s.children().is_empty());
    });
}

#[test]
fn a_sieve_leaves_nothing_when_its_scope_is_cancelled() {
    run_test(async |s: Scope| {
        let (found, last) = primes(&s, 10).await;
        assert_eq!(found, TEN);
        let all = s.children();
        s.cancel_children("all are found");
        coscope::join_all(all).await;
        assert!(s.children().is_empty());
        drop(last);
    });
}

#[test]
fn a_sieve_on_the_pool() {
    run_blocking(async |_: Scope| {
        for _ in 0..20 {
            scope(async |s: Scope| {
                let (found, last) = primes(&s, 10).await;
                assert_eq!(found, TEN);
                let all = s.children();
                drop(last);
                coscope::join_all(all).await;
                assert!(s.children().is_empty());
            })
            .await;
        }
    });
}

#[test]
fn fan_out_gives_each_to_one() {
    run_test(async |s: Scope| {
        let numbers = s.produce(0, async |to: Sender<u32>| {
            for x in 1.. {
                to.send(x).await.unwrap();
                delay(ms(100)).await;
            }
        });
        let received = Arc::new(Mutex::new(Vec::new()));
        let workers: Vec<Job> = (0..5)
            .map(|_| {
                let (numbers, received) = (numbers.clone(), received.clone());
                s.launch(async move {
                    while let Ok(x) = numbers.recv().await {
                        received.lock().unwrap().push(x);
                    }
                })
            })
            .collect();
        delay(ms(950)).await;
        numbers.cancel();
        join_all(workers).await;
        assert_eq!(*received.lock().unwrap(), (1..=10).collect::<Vec<_>>());
    });
}

#[test]
fn fan_in_keeps_the_order_of_time() {
    run_test(async |s: Scope| {
        let (tx, rx) = channel(0);
        for (text, every) in [("foo", 200), ("BAR!", 500)] {
            let tx = tx.clone();
            s.launch(async move {
                loop {
                    delay(ms(every)).await;
                    tx.send(text).await.unwrap();
                }
            });
        }
        let mut six = Vec::new();
        for _ in 0..6 {
            six.push(rx.recv().await.unwrap());
        }
        assert_eq!(six, ["foo", "foo", "BAR!", "foo", "foo", "BAR!"]);
        s.cancel_children("that will do");
    });
}

#[test]
fn a_stage_that_is_cut_ends_those_before_and_after() {
    run_test(async |s: Scope| {
        let numbers = numbers_from(&s, 1);
        let source = numbers.job().clone();
        let middle = filter(&s, numbers, 2);
        let stage = middle.job().clone();
        let last = filter(&s, middle, 3);
        assert_eq!(last.recv().await, Ok(1));
        assert_eq!(last.recv().await, Ok(5));
        stage.cancel_and_join("cut").await;
        source.join().await;
        let rest: Vec<u32> = last.collect().await;
        assert!(rest.len() <= 3, "{rest:?}");
    });
}
