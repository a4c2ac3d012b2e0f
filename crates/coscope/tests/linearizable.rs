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
#[path = "linearizable/channel_call.rs"]
mod channel_call;
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
#[path = "linearizable/place.rs"]
mod place;
#[path = "linearizable/schedules.rs"]
mod schedules;
#[path = "linearizable/selects.rs"]
mod selects;
#[path = "linearizable/semaphore.rs"]
mod semaphore;
#[path = "linearizable/senders.rs"]
mod senders;
#[path = "common/setting.rs"]
mod setting;
#[path = "linearizable/subject.rs"]
mod subject;
#[path = "linearizable/threads.rs"]
mod threads;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use coscope_test::{Test, TestScope};

use channel::{ChannelSubject, Flavor};
use history::Call;
use mutex::MutexSubject;
use oneshot::OneshotSubject;
use selects::SelectSubject;
use semaphore::SemaphoreSubject;
use senders::SendersSubject;
use setting::setting;
use subject::Subject;

/// The seeds of the histories.
fn seeds() -> impl Iterator<Item = u64> {
    let first = setting("COSCOPE_STRESS_SEED", 1).wrapping_mul(1_000_003);
    (0..setting("COSCOPE_STRESS_HISTORIES", 150)).map(move |at| first.wrapping_add(at))
}

/// Long histories and short ones: those are quickly through, and meet more often.
fn length(seed: u64) -> u64 {
    [3, 6, 12][seed as usize % 3]
}

fn on_threads<S: Subject, I: Copy>(each: &[I], new: impl Fn(I) -> S) {
    for of in each {
        for seed in seeds() {
            threads::history(new(*of), seed, length(seed)).unwrap_or_else(|wrong| panic!("{wrong}"));
        }
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

/// `expected` are kinds of calls, as `Send→Sent`, with a `!` where they were given up: histories in which these do not
/// happen prove little.
fn in_seeded_orders<S: Subject, I: Copy + Sync>(each: &[I], new: impl Fn(I) -> S + Sync, expected: &str) {
    let kinds = Mutex::new(BTreeSet::new());
    Test::new().run_schedules(200, async |t: TestScope| {
        let first = of_this_order(&t).await;
        for of in each {
            for seed in seeds().step_by(150).map(|seed| seed.wrapping_add(first)) {
                let calls = schedules::history(&t, new(*of), seed, length(seed)).await;
                let calls = calls.unwrap_or_else(|wrong| panic!("{wrong}"));
                kinds.lock().unwrap().extend(calls.iter().map(Call::kind));
            }
        }
    });
    let kinds = kinds.into_inner().unwrap();
    let missing: Vec<_> = expected.split_whitespace().filter(|kind| !kinds.contains(*kind)).collect();
    // one order alone need not have them all
    assert!(
        missing.is_empty() || std::env::var_os("COSCOPE_TEST_SEED").is_some(),
        "{missing:?}, of {kinds:?}"
    );
}

#[test]
fn channels_on_threads() {
    on_threads(&Flavor::ALL, ChannelSubject::blocking);
}

#[test]
fn channels_in_orders() {
    let expected = "Send→Sent Send→Refused Send→Unsent! Send→Sent! TrySend→Sent TrySend→Full TrySend→Refused \
        Recv→Got Recv→Ended Recv→Nothing! TryRecv→Got TryRecv→Empty TryRecv→Ended Len→Count \
        RecvMany→Many RecvMany→Ended RecvMany→Nothing! TryReserve→Place TryReserve→Full TryReserve→Refused \
        Reserve→Place Reserve→Refused Reserve→Nothing! SendReserved→Sent SendReserved→Refused Release→Done \
        Close→Yes Close→No Cancel→Yes Cancel→No IsClosed→Yes IsClosed→No";
    in_seeded_orders(&Flavor::ALL, ChannelSubject::new, expected);
}

#[test]
fn selects_in_orders() {
    let pairs = [[0, 0], [0, 1], [1, 2], [0, 4]].map(|pair| pair.map(|flavor| Flavor::ALL[flavor]));
    let expected = "Select→Chose Select→Left! At→Of At→Of!";
    in_seeded_orders(&pairs, SelectSubject::new, expected);
}

#[test]
fn senders_on_threads() {
    on_threads(&[()], |()| SendersSubject::new());
}

#[test]
fn senders_in_orders() {
    let expected = "Upgrade→Yes Upgrade→No Drop→Done DropFirst→Done Send→Sent Send→Refused Recv→Got Recv→Ended \
        Recv→Nothing! TryRecv→Got TryRecv→Empty TryRecv→Ended IsClosed→Yes IsClosed→No Close→Done";
    in_seeded_orders(&[()], |()| SendersSubject::new(), expected);
}

#[test]
fn oneshots_on_threads() {
    on_threads(&[()], |()| OneshotSubject::new());
}

#[test]
fn oneshots_in_orders() {
    let expected = "Send→Sent Send→Refused Recv→Got Recv→Never Recv→Nothing! TryRecv→Got TryRecv→Never \
        DropSender→Done DropReceiver→Done IsClosed→Is Closed→Done Closed→Nothing!";
    in_seeded_orders(&[()], |()| OneshotSubject::new(), expected);
}

#[test]
fn mutexes_on_threads() {
    on_threads(&[()], |()| MutexSubject::new());
}

#[test]
fn mutexes_in_orders() {
    let expected = "Lock→Locked Lock→Nothing! TryLock→Locked TryLock→Busy Unlock→Done Waiters→Count";
    in_seeded_orders(&[()], |()| MutexSubject::new(), expected);
}

#[test]
fn semaphores_on_threads() {
    on_threads(&[0, 1, 2, 3], SemaphoreSubject::new);
}

#[test]
fn semaphores_in_orders() {
    let expected = "Acquire→Acquired Acquire→Refused Acquire→Nothing! TryAcquire→Acquired TryAcquire→Busy \
        TryAcquire→Refused Release→Done Add→Done Forget→Count Close→First Available→Count Waiters→Count";
    in_seeded_orders(&[0, 1, 2], SemaphoreSubject::new, expected);
}
