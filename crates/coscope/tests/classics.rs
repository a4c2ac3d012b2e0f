//! The classics of the field: in virtual time, in seeded orders of what is ready, and on the pool. (Crossed selects are in
//! `stress_selects.rs`.)
#![allow(missing_docs)]

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use coscope::channel::{OneshotSender, Receiver, channel};
use coscope::prelude::*;
use coscope::run_blocking_on;
use coscope::sync::{Mutex, Semaphore};
use coscope_test::{TestScope, run_test};

const MS: Duration = Duration::from_millis(1);

/// Five who think and eat, with a fork between each two; the forks are taken in the order of their numbers.
async fn philosophers(meals: u32) -> Vec<u32> {
    let forks: Arc<[Mutex<()>; 5]> = Arc::new(Default::default());
    scope(async |s: Scope| {
        let all: Vec<_> = (0..5_usize)
            .map(|i| {
                let forks = forks.clone();
                s.spawn(async move {
                    let (low, high) = (i.min((i + 1) % 5), i.max((i + 1) % 5));
                    let mut eaten = 0;
                    for _ in 0..meals {
                        let _one = forks[low].lock().await;
                        yield_now().await;
                        let _other = forks[high].lock().await;
                        delay(MS).await;
                        eaten += 1;
                    }
                    eaten
                })
            })
            .collect();
        await_all(all).await
    })
    .await
}

#[test]
fn philosophers_eat() {
    assert_eq!(run_test(async |_: Scope| philosophers(100).await), [100; 5]);
    assert_eq!(run_blocking_on(Dispatchers::default(), async |_: Scope| philosophers(20).await), [20; 5]);
}

#[coscope::test(schedules = 200)]
async fn philosophers_eat_in_any_order() {
    assert_eq!(philosophers(10).await, [10; 5]);
}

/// One barber, three chairs. Gives how many were shaved, and how many found no chair.
async fn barber(customers: usize, apart: Duration) -> (usize, usize) {
    let (chairs, razor) = (Arc::new(Semaphore::new(3)), Arc::new(Mutex::new(0_usize)));
    let shaved = razor.clone();
    let turned_away = scope(async |s: Scope| {
        let mut turned_away = 0;
        for _ in 0..customers {
            match chairs.clone().try_acquire_owned() {
                Ok(chair) => {
                    let razor = razor.clone();
                    s.launch(async move {
                        let mut shaved = razor.lock().await;
                        drop(chair);
                        delay(10 * MS).await;
                        *shaved += 1;
                    });
                }
                Err(_) => turned_away += 1,
            }
            delay(apart).await;
        }
        turned_away
    })
    .await;
    (*shaved.lock().await, turned_away)
}

#[test]
fn the_barber_shaves_who_finds_a_chair() {
    run_test(async |_: Scope| {
        assert_eq!(barber(20, 20 * MS).await, (20, 0), "he is faster than they come");
        // One is shaved, three sit; then one in five finds the chair of the one who has just got up.
        let (shaved, turned_away) = barber(50, 2 * MS).await;
        assert_eq!(shaved + turned_away, 50);
        assert_eq!(shaved, 1 + 3 + 9, "at 10, 20, … 90 ms somebody gets up");
    });
    let (shaved, turned_away) =
        run_blocking_on(Dispatchers::default(), async |_: Scope| barber(20, MS / 10).await);
    assert_eq!(shaved + turned_away, 20);
}

#[coscope::test(schedules = 200)]
async fn the_barber_shaves_in_any_order() {
    assert_eq!(barber(10, 20 * MS).await, (10, 0), "he is faster than they come");
    // whoever comes at the moment at which another gets up may find the chair or not
    let (shaved, turned_away) = barber(50, 2 * MS).await;
    assert_eq!(shaved + turned_away, 50);
    assert!((12..=14).contains(&shaved), "{shaved}");
}

/// A buffer of four places between three who put something in and three who take it out: one semaphore counts the free
/// places, one what is there.
async fn bounded_buffer(each: usize) -> usize {
    let (free, full) = (Arc::new(Semaphore::new(4)), Arc::new(Semaphore::new(0)));
    let buffer = Arc::new(Mutex::new(VecDeque::new()));
    scope(async |s: Scope| {
        for producer in 0..3 {
            let (free, full, buffer) = (free.clone(), full.clone(), buffer.clone());
            s.launch(async move {
                for i in 0..each {
                    free.acquire().await.unwrap().forget();
                    let mut buffer = buffer.lock().await;
                    buffer.push_back(producer * each + i);
                    assert!(buffer.len() <= 4);
                    drop(buffer);
                    full.add_permits(1);
                }
            });
        }
        let consumers: Vec<_> = (0..3)
            .map(|_| {
                let (free, full, buffer) = (free.clone(), full.clone(), buffer.clone());
                s.spawn(async move {
                    let mut sum = 0;
                    for _ in 0..each {
                        full.acquire().await.unwrap().forget();
                        sum += buffer.lock().await.pop_front().unwrap();
                        free.add_permits(1);
                    }
                    sum
                })
            })
            .collect();
        await_all(consumers).await.into_iter().sum()
    })
    .await
}

#[test]
fn nothing_is_lost_in_a_bounded_buffer() {
    let sum = |each: usize| (0..3 * each).sum::<usize>();
    assert_eq!(run_test(async |_: Scope| bounded_buffer(1_000).await), sum(1_000));
    assert_eq!(
        run_blocking_on(Dispatchers::default(), async |_: Scope| bounded_buffer(1_000).await),
        sum(1_000)
    );
}

#[coscope::test(schedules = 200)]
async fn nothing_is_lost_in_a_bounded_buffer_in_any_order() {
    assert_eq!(bounded_buffer(20).await, (0..60).sum::<usize>());
}

/// Three who produce, three who consume, and a channel between them. Gives what each has consumed.
async fn producers_and_consumers(capacity: usize, each: usize) -> Vec<Vec<usize>> {
    let (tx, rx) = channel(capacity);
    scope(async |s: Scope| {
        for producer in 0..3 {
            let tx = tx.clone();
            s.launch(async move {
                for i in 0..each {
                    tx.send(producer * each + i).await.unwrap();
                }
            });
        }
        drop(tx);
        let consumers: Vec<_> = (0..3)
            .map(|_| {
                let rx = rx.clone();
                s.spawn(async move {
                    let mut all = vec![];
                    while let Ok(item) = rx.recv().await {
                        all.push(item);
                        yield_now().await;
                    }
                    all
                })
            })
            .collect();
        await_all(consumers).await
    })
    .await
}

/// Each item once; and in the order of its producer, as each consumer sees it.
#[track_caller]
fn all_were_consumed(consumed: &[Vec<usize>], each: usize) {
    let all: BTreeSet<_> = consumed.iter().flatten().copied().collect();
    assert_eq!((all.len(), consumed.iter().map(Vec::len).sum()), (3 * each, 3 * each));
    for seen in consumed {
        for producer in 0..3 {
            let of_one = seen.iter().filter(|item| **item / each == producer);
            assert!(of_one.is_sorted(), "{seen:?}");
        }
    }
}

#[test]
fn what_is_produced_is_consumed() {
    for capacity in [0, 1, 4] {
        let consumed = run_blocking_on(Dispatchers::default(), async |_: Scope| {
            producers_and_consumers(capacity, 1_000).await
        });
        all_were_consumed(&consumed, 1_000);
    }
}

#[coscope::test(schedules = 200)]
async fn what_is_produced_is_consumed_in_any_order() {
    for capacity in [0, 1, 4] {
        all_were_consumed(&producers_and_consumers(capacity, 20).await, 20);
    }
}

enum Account {
    Pay(u64),
    Balance(OneshotSender<u64>),
}

/// An actor that keeps an account; six who pay in, and ask: each finds at least what it has paid itself, and never less
/// than before.
async fn account(s: &Scope, rounds: u64) -> u64 {
    let account = s.actor(2, async |inbox: Receiver<Account>| {
        let mut balance = 0;
        while let Ok(message) = inbox.recv().await {
            match message {
                Account::Pay(amount) => balance += amount,
                Account::Balance(reply) => drop(reply.send(balance)),
            }
            yield_now().await;
        }
    });
    scope(async |all: Scope| {
        for _ in 0..6 {
            let account = account.clone();
            all.launch(async move {
                let mut before = 0;
                for round in 1..=rounds {
                    account.tell(Account::Pay(1)).await.unwrap();
                    let now = account.ask(Account::Balance).await.unwrap();
                    assert!(now > before && now >= round, "{now} in round {round}, and {before} before");
                    before = now;
                }
            });
        }
    })
    .await;
    account.ask(Account::Balance).await.unwrap()
}

#[test]
fn an_account_is_kept() {
    assert_eq!(run_blocking_on(Dispatchers::default(), async |s: Scope| account(&s, 200).await), 1_200);
}

#[coscope::test(schedules = 200)]
async fn an_account_is_kept_in_any_order(t: TestScope) {
    assert_eq!(account(&t, 10).await, 60);
}
