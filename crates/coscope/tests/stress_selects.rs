//! Crossed selects: nothing lost, nothing doubled, nothing received that no sender has committed, and nobody left asleep.
//!
//! Eight coroutines meet on four rendezvous channels. In each round each selects over sends and receives on all of them, in
//! directions and in an order of its own choice: by `select!`, by `select_unbiased!`, by a list made at run time; at times on
//! one channel both to send and to receive. Some selects are given up. Half of the coroutines send on two channels, the
//! others on one or on three: so there is a channel on which any of these can meet any of those, and nobody may sleep for ever.
//!
//! What is sent is numbered by its sender, who goes on to the next number when its select says that it has sent. So what has been
//! received in the end are the numbers from nought to each sender's last, once each.
//!
//! On the pool, and in seeded orders. `COSCOPE_STRESS_SELECTS` says how many rounds, of all together; `COSCOPE_STRESS_SEED` which.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coscope::channel::{Receiver, RecvError, SendError, Sender, rendezvous};
use coscope::prelude::*;
use coscope::select::Select;
use coscope::{select, select_unbiased};
use coscope_test::TestScope;

#[path = "common/random.rs"]
mod random;
#[path = "common/setting.rs"]
mod setting;
use random::Random;
use setting::setting;

/// The four channels in any order.
fn order(random: &mut Random) -> [usize; 4] {
    let mut order = [0, 1, 2, 3];
    (1..4).for_each(|at| order.swap(at, random.below(at as u64 + 1) as usize));
    order
}

/// A set of numbers, one bit each.
#[derive(Default)]
struct Numbers(Vec<u64>);

impl Numbers {
    fn insert(&mut self, number: u64) {
        let (word, bit) = ((number / 64) as usize, 1 << (number % 64));
        self.0.resize(self.0.len().max(word + 1), 0);
        assert_eq!(self.0[word] & bit, 0, "{number} is received a second time");
        self.0[word] |= bit;
    }

    /// Whether these are the numbers below `end`, and no others.
    fn are_those_below(&self, end: u64) -> bool {
        let count: u64 = self.0.iter().map(|word| u64::from(word.count_ones())).sum();
        let full = (0..(end / 64) as usize).all(|word| self.0[word] == u64::MAX);
        count == end
            && full
            && (end.is_multiple_of(64) || self.0[(end / 64) as usize] == (1 << (end % 64)) - 1)
    }
}

/// A message: whose it is, and which.
type Message = (usize, u64);

/// What came of a round.
enum Came {
    Sent,
    Received(Message),
    GivenUp,
    Ended,
}

fn sent(result: Result<(), SendError<Message>>) -> Came {
    result.map_or(Came::Ended, |()| Came::Sent)
}

fn received(result: Result<Message, RecvError>) -> Came {
    result.map_or(Came::Ended, Came::Received)
}

type Ends = [(Sender<Message>, Receiver<Message>); 4];

/// One round: sends on the first so many of the channels, receives on the others.
async fn round(ends: &Ends, sends: usize, message: Message, random: &mut Random) -> Came {
    let [a, b, c, d] = order(random).map(|at| &ends[at]);
    match (random.below(4), sends) {
        (0, 1) => select_unbiased! {
            got = b.1.recv() => received(got),
            put = a.0.send(message) => sent(put),
            got = c.1.recv() => received(got),
            got = d.1.recv() => received(got),
        },
        (0, 2) => select! {
            got = c.1.recv() => received(got),
            put = a.0.send(message) => sent(put),
            put = b.0.send(message) => sent(put),
            got = d.1.recv() => received(got),
        },
        (0, _) => select_unbiased! {
            put = a.0.send(message) => sent(put),
            put = b.0.send(message) => sent(put),
            put = c.0.send(message) => sent(put),
            got = d.1.recv() => received(got),
        },
        // on each channel both ways: it does not meet itself
        (1, _) if random.below(4) == 0 => select_unbiased! {
            put = a.0.send(message) => sent(put),
            got = a.1.recv() => received(got),
            put = b.0.send(message) => sent(put),
            got = b.1.recv() => received(got),
            put = c.0.send(message) => sent(put),
            got = c.1.recv() => received(got),
            put = d.0.send(message) => sent(put),
            got = d.1.recv() => received(got),
        },
        (1, _) => select! {
            put = a.0.send(message) => sent(put),
            got = b.1.recv() => received(got),
            _ = yield_now() => Came::GivenUp,
        },
        _ => {
            let mut select = Select::new();
            for (at, end) in [a, b, c, d].into_iter().enumerate() {
                select = if at < sends {
                    select.on(end.0.send(message), sent)
                } else {
                    select.on(end.1.recv(), received)
                };
            }
            if random.below(2) == 0 { select.unbiased().await } else { select.await }
        }
    }
}

/// What all of them share.
struct Table {
    /// Rounds to go.
    left: AtomicU64,
    over: AtomicBool,
    received: [Mutex<Numbers>; 8],
    /// How many each has sent.
    sent: [AtomicU64; 8],
    given_up: AtomicU64,
}

async fn player(me: usize, ends: Ends, table: Arc<Table>, mut random: Random) {
    let mut next = 0;
    while !table.over.load(SeqCst) {
        let sends = if me < 4 { 2 } else { 1 + 2 * random.below(2) as usize };
        match round(&ends, sends, (me, next), &mut random).await {
            Came::Sent => next += 1,
            Came::Received((from, number)) => table.received[from].lock().unwrap().insert(number),
            Came::GivenUp => _ = table.given_up.fetch_add(1, SeqCst),
            Came::Ended => break,
        }
        if table.left.fetch_sub(1, SeqCst) == 1 {
            // those that wait are sent away, and those that have met go on
            table.over.store(true, SeqCst);
            for (tx, _) in &ends {
                tx.cancel();
            }
        }
        if table.over.load(SeqCst) {
            break;
        }
    }
    table.sent[me].store(next, SeqCst);
}

impl Table {
    fn new(rounds: u64) -> Arc<Self> {
        Arc::new(Table {
            left: AtomicU64::new(rounds),
            over: AtomicBool::new(false),
            received: Default::default(),
            sent: Default::default(),
            given_up: AtomicU64::new(0),
        })
    }

    /// The eight.
    fn play(self: &Arc<Self>, s: &Scope, seed: u64) {
        let ends: Ends = std::array::from_fn(|_| rendezvous());
        for me in 0..8 {
            let random = Random::new(seed * 8 + me as u64);
            s.launch(player(me, ends.clone(), self.clone(), random));
        }
    }

    /// What has been sent has been received, once, and nothing else. Gives how much it was.
    fn check(&self, rounds: u64, seed: u64) -> u64 {
        for (me, numbers) in self.received.iter().enumerate() {
            let sent = self.sent[me].load(SeqCst);
            let numbers = numbers.lock().unwrap();
            assert!(numbers.are_those_below(sent), "seed {seed}: not what {me} has sent, {sent} messages");
        }
        let sent: u64 = self.sent.iter().map(|sent| sent.load(SeqCst)).sum();
        // each message took two rounds, but for the last ones of each
        assert!(2 * sent + self.given_up.load(SeqCst) + 16 >= rounds, "{sent} messages in {rounds} rounds");
        sent
    }
}

#[coscope::test(schedules = 200)]
async fn crossed_in_seeded_orders(t: TestScope) {
    let (rounds, seed) = (300, setting("COSCOPE_STRESS_SEED", 1));
    let table = Table::new(rounds);
    scope(async |s: Scope| table.play(&s, seed)).await;
    let sent = table.check(rounds, seed);
    assert!(t.current_time().is_zero() && sent > 50, "{sent}");
}

#[test]
fn crossed() {
    let (rounds, seed) = (setting("COSCOPE_STRESS_SELECTS", 30_000), setting("COSCOPE_STRESS_SEED", 1));
    let table = Table::new(rounds);
    let (done, ended) = channel::<()>();
    let watched = table.clone();
    let watchdog = std::thread::spawn(move || {
        let mut before = u64::MAX;
        while ended.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            let left = watched.left.load(SeqCst);
            if left == before {
                eprintln!("seed {seed}: all sleep, with {left} of {rounds} rounds to go");
                std::process::abort();
            }
            before = left;
        }
    });
    coscope::run_blocking_on(Dispatchers::default(), async |s: Scope| table.play(&s, seed));
    drop(done);
    watchdog.join().unwrap();
    println!("{} messages in {rounds} rounds", table.check(rounds, seed));
}
