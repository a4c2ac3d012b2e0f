//! Random histories of calls that overlap, each checked against a sequential model: whatever was seen must be what one would have
//! seen had each call taken effect at one point between its beginning and its end. (One that waits has two such points,
//! where it comes and where it is answered; so it is also seen that nobody is overtaken.)
//!
//! The interleavings it hunts: a call given up against the one that answers it; close and cancel of the channel against those
//! that come, wait and go; a message that comes back against those behind it.
//!
//! On real threads, where a seed says what is called, and on coroutines in seeded orders, where it says all.
//! `COSCOPE_STRESS_HISTORIES` says how many of each kind, `COSCOPE_STRESS_SEED` which ones. One that fails is shown as a table.
#![allow(missing_docs, clippy::disallowed_methods)]

#[path = "linearizable/channel.rs"]
mod channel;
#[path = "linearizable/channel_model.rs"]
mod channel_model;
#[path = "linearizable/checker.rs"]
mod checker;
#[path = "linearizable/dice.rs"]
mod dice;
#[path = "linearizable/history.rs"]
mod history;
#[path = "linearizable/known.rs"]
mod known;
#[path = "linearizable/mutex.rs"]
mod mutex;
#[path = "linearizable/oneshot.rs"]
mod oneshot;
#[path = "linearizable/schedules.rs"]
mod schedules;
#[path = "linearizable/semaphore.rs"]
mod semaphore;
#[path = "linearizable/subject.rs"]
mod subject;
#[path = "linearizable/threads.rs"]
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use coscope_test::TestScope;

use channel::{ChannelSubject, Flavor};
use mutex::MutexSubject;
use oneshot::OneshotSubject;
use semaphore::SemaphoreSubject;
use subject::Subject;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |value| value.parse().unwrap())
}

/// The seeds of the histories.
fn seeds() -> impl Iterator<Item = u64> {
    let first = setting("COSCOPE_STRESS_SEED", 1).wrapping_mul(1_000_003);
    (0..setting("COSCOPE_STRESS_HISTORIES", 150)).map(move |at| first.wrapping_add(at))
}

/// Long histories and short ones: those are quickly through, and meet more often.
fn length(seed: u64) -> u64 {
    [3, 6, 12][seed as usize % 3]
}

fn on_threads<S: Subject>(new: impl Fn() -> S) {
    for seed in seeds() {
        threads::history(new(), seed, length(seed)).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

/// A number that is another for each order.
async fn of_this_order(t: &TestScope) -> u64 {
    let order = Arc::new(AtomicU64::new(0));
    for number in 0..16 {
        let order = order.clone();
        t.launch(async move { order.store(order.load(SeqCst).wrapping_mul(16) + number, SeqCst) });
    }
    t.run_current().await;
    order.load(SeqCst)
}

async fn in_order<S: Subject>(t: &TestScope, new: impl Fn() -> S) {
    let first = of_this_order(t).await;
    for seed in seeds().step_by(75).map(|seed| seed.wrapping_add(first)) {
        let history = schedules::history(t, new(), seed, length(seed)).await;
        history.unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

#[test]
fn channels_on_threads() {
    for flavor in Flavor::ALL {
        println!("{flavor:?}");
        on_threads(|| ChannelSubject::new(flavor));
    }
}

#[coscope::test(schedules = 200)]
async fn channels_in_seeded_orders(t: TestScope) {
    for flavor in Flavor::ALL {
        in_order(&t, || ChannelSubject::new(flavor)).await;
    }
}

#[test]
fn oneshots_on_threads() {
    on_threads(OneshotSubject::new);
}

#[coscope::test(schedules = 200)]
async fn oneshots_in_seeded_orders(t: TestScope) {
    in_order(&t, OneshotSubject::new).await;
}

#[test]
fn mutexes_on_threads() {
    on_threads(MutexSubject::new);
}

#[coscope::test(schedules = 200)]
async fn mutexes_in_seeded_orders(t: TestScope) {
    in_order(&t, MutexSubject::new).await;
}

#[test]
fn semaphores_on_threads() {
    (0..4).for_each(|permits| on_threads(|| SemaphoreSubject::new(permits)));
}

#[coscope::test(schedules = 200)]
async fn semaphores_in_seeded_orders(t: TestScope) {
    for permits in 0..3 {
        in_order(&t, || SemaphoreSubject::new(permits)).await;
    }
}
