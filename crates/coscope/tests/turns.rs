//! Who waits at a channel is served in turn, and who is ready in an unbiased select has its share: exact, in any order of what is
//! ready.

use std::sync::{Arc, Mutex};

use coscope::channel::{channel, rendezvous, unlimited};
use coscope::prelude::*;
use coscope::{run_blocking, run_blocking_on, select_unbiased};

/// Two play until so many hits. Gives who has hit, one after the other.
async fn ping_pong(hits: u32) -> Vec<&'static str> {
    let (table, ball) = rendezvous::<u32>();
    let log = Arc::new(Mutex::new(Vec::new()));
    scope(async |s: Scope| {
        for name in ["ping", "pong"] {
            let (table, ball, log) = (table.clone(), ball.clone(), log.clone());
            s.launch(async move {
                while let Ok(hit) = ball.recv().await {
                    log.lock().unwrap().push(name);
                    if hit == hits {
                        table.cancel();
                    }
                    if table.send(hit + 1).await.is_err() {
                        break;
                    }
                }
            });
        }
        table.send(1).await.unwrap();
    })
    .await;
    let log = log.lock().unwrap();
    log.clone()
}

#[track_caller]
fn alternates(log: &[&str], hits: usize) {
    assert_eq!(log.len(), hits);
    assert!(log.windows(2).all(|two| two[0] != two[1]), "{log:?}");
}

#[test]
fn ping_pong_alternates() {
    alternates(&run_blocking(async |_: Scope| ping_pong(1_000).await), 1_000);
    alternates(&run_blocking_on(Dispatchers::default(), async |_: Scope| ping_pong(10_000).await), 10_000);
}

#[coscope::test(schedules = 200)]
async fn ping_pong_alternates_in_any_order() {
    alternates(&ping_pong(50).await, 50);
}

/// A hundred who send again and again, to one who receives. Each notes itself in the step in which it comes to the channel;
/// so they stand there in the order of the notes.
#[coscope::test(schedules = 200)]
async fn nobody_of_a_hundred_senders_is_overtaken() {
    for capacity in [0, 1, 7] {
        let came = Arc::new(Mutex::new(Vec::new()));
        let (tx, rx) = channel(capacity);
        let got = scope(async |s: Scope| {
            for sender in 0..100 {
                let (tx, came) = (tx.clone(), came.clone());
                s.launch(async move {
                    for round in 0..3 {
                        came.lock().unwrap().push((sender, round));
                        tx.send((sender, round)).await.unwrap();
                    }
                });
            }
            drop(tx);
            yield_now().await;
            let mut got = vec![];
            while let Ok(message) = rx.recv().await {
                got.push(message);
            }
            got
        })
        .await;
        assert_eq!(got.len(), 300);
        assert_eq!(got, *came.lock().unwrap());
    }
}

#[coscope::test(schedules = 200)]
async fn nobody_of_a_hundred_receivers_is_overtaken() {
    for capacity in [0, 1, 7] {
        let (came, got) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(vec![0; 300])));
        let (tx, rx) = channel(capacity);
        scope(async |s: Scope| {
            for receiver in 0..100 {
                let (rx, came, got) = (rx.clone(), came.clone(), got.clone());
                s.launch(async move {
                    for _ in 0..3 {
                        came.lock().unwrap().push(receiver);
                        let message: usize = rx.recv().await.unwrap();
                        got.lock().unwrap()[message] = receiver;
                    }
                });
            }
            yield_now().await;
            for message in 0..300 {
                tx.send(message).await.unwrap();
            }
        })
        .await;
        assert_eq!(*got.lock().unwrap(), *came.lock().unwrap());
    }
}

/// Each side that is ready has at least a quarter of the rounds: two that receive, or one that sends and one that receives.
#[test]
fn an_unbiased_select_is_fair_to_each_side() {
    run_blocking(async |_: Scope| {
        let ((one, from_one), (other, from_other)) = (unlimited(), unlimited());
        for _ in 0..10_000 {
            one.try_send(()).unwrap();
            other.try_send(()).unwrap();
        }
        let mut counts = [0; 2];
        for _ in 0..10_000 {
            select_unbiased! {
                got = from_one.recv() => counts[0] += usize::from(got.is_ok()),
                got = from_other.recv() => counts[1] += usize::from(got.is_ok()),
            }
        }
        assert!(counts[0] + counts[1] == 10_000 && counts.iter().all(|count| *count >= 2_500), "{counts:?}");
        let (to, _kept) = unlimited();
        (0..counts[0]).for_each(|_| one.try_send(()).unwrap());
        let mut counts = [0; 2];
        for _ in 0..10_000 {
            select_unbiased! {
                put = to.send(()) => counts[0] += usize::from(put.is_ok()),
                got = from_one.recv() => counts[1] += usize::from(got.is_ok()),
            }
        }
        assert!(counts[0] + counts[1] == 10_000 && counts.iter().all(|count| *count >= 2_500), "{counts:?}");
    });
}
