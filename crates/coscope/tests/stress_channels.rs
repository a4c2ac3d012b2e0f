//! Random histories: threads that send, receive, cut and close, over each flavor. What is counted: every message is received once, or
//! comes back, or is dropped with what was cut; and it goes nowhere else. Where senders wait for room and nobody ends the channel,
//! none is dropped but with the send that was cut.
//!
//! Short, unless `COSCOPE_STRESS_MESSAGES` says how many messages, of each flavor; `COSCOPE_STRESS_SEED` makes it another
//! history.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use coscope::channel::{Capacity, Overflow, Receiver, Sender, TryRecvError, TrySendError, channel_with};
use coscope::prelude::*;
use coscope::{select, yield_now};

#[path = "common/random.rs"]
mod random;
#[path = "common/setting.rs"]
mod setting;
use random::Random;
use setting::setting;

/// What has become of the messages. Each is a number, added where it is made and taken off where it ends.
#[derive(Default)]
struct Ledger {
    made: AtomicU64,
    received: AtomicU64,
    back: AtomicU64,
    dropped: AtomicU64,
    /// Of those, with a send that was cut.
    cut: AtomicU64,
    balance: AtomicI64,
}

thread_local! {
    /// The message that this thread dropped last.
    static DROPPED: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// A message: dropped without having been received or handed back, it says so.
struct Message {
    number: u64,
    ledger: Arc<Ledger>,
    settled: bool,
}

impl Message {
    fn new(ledger: &Arc<Ledger>, from: u64) -> Self {
        let number = ledger.made.fetch_add(1, SeqCst) * 16 + from;
        ledger.balance.fetch_add(number as i64, SeqCst);
        Message { number, ledger: ledger.clone(), settled: false }
    }
    fn received(mut self) -> u64 {
        self.settled = true;
        self.ledger.received.fetch_add(1, SeqCst);
        self.number
    }
    fn back(mut self) {
        self.settled = true;
        self.ledger.back.fetch_add(1, SeqCst);
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.ledger.balance.fetch_sub(self.number as i64, SeqCst);
        if !self.settled {
            self.ledger.dropped.fetch_add(1, SeqCst);
            DROPPED.set(self.number);
        }
    }
}

async fn send(tx: Sender<Message>, ledger: Arc<Ledger>, from: u64, count: u64, seed: u64) {
    let mut random = Random::new(seed);
    for _ in 0..count {
        let message = Message::new(&ledger, from);
        let number = message.number;
        let refused = match random.below(8) {
            0 => match tx.try_send(message) {
                Ok(()) => None,
                Err(TrySendError::Full(message)) => Some(message),
                Err(TrySendError::Closed(error)) => Some(error.into_inner()),
            },
            1 => match tx.reserve().await {
                Ok(place) if random.below(4) == 0 => {
                    drop(place);
                    Some(message)
                }
                Ok(place) => place.send(message).err().map(|error| error.into_inner()),
                Err(_) => Some(message),
            },
            2 => {
                // cut if it does not go at once: then the message is dropped with it
                let sent = with_timeout(Duration::from_micros(random.below(50)), tx.send(message)).await;
                ledger.cut.fetch_add(u64::from(sent.is_err() && DROPPED.get() == number), SeqCst);
                sent.ok().and_then(Result::err).map(|error| error.into_inner())
            }
            3 => select! {
                sent = tx.send(message) => sent.err().map(|error| error.into_inner()),
                _ = yield_now() => {
                    ledger.cut.fetch_add(u64::from(DROPPED.get() == number), SeqCst);
                    None
                }
            },
            _ => tx.send(message).await.err().map(|error| error.into_inner()),
        };
        if let Some(message) = refused {
            message.back();
            if tx.is_closed() {
                return;
            }
        }
    }
}

async fn receive(rx: Receiver<Message>, seed: u64, ordered: bool) {
    let mut random = Random::new(seed);
    let mut last: HashMap<u64, u64> = HashMap::new();
    let mut many = Vec::new();
    loop {
        let got = match random.below(8) {
            0 => match rx.try_recv() {
                Ok(message) => Some(message),
                Err(TryRecvError::Empty) => {
                    yield_now().await;
                    None
                }
                Err(TryRecvError::Closed(_)) => return,
            },
            1 => match with_timeout(Duration::from_micros(random.below(50)), rx.recv()).await {
                Ok(Ok(message)) => Some(message),
                Ok(Err(_)) => return,
                Err(_) => None,
            },
            2 => select! {
                got = rx.recv() => match got { Ok(message) => Some(message), Err(_) => return },
                _ = yield_now() => None,
            },
            3 => {
                if rx.recv_many(&mut many, 5).await == 0 {
                    return;
                }
                None
            }
            _ => match rx.recv().await {
                Ok(message) => Some(message),
                Err(_) => return,
            },
        };
        for message in many.drain(..).chain(got) {
            let number = message.received();
            let before = last.insert(number % 16, number);
            // what a receiver gives back goes to the front, and may so come behind what others had
            assert!(!ordered || before.is_none_or(|before| before < number), "{before:?} before {number}");
        }
    }
}

/// Gives how many messages there were.
fn history(capacity: Capacity, overflow: Overflow, messages: u64, seed: u64) -> u64 {
    let mut random = Random::new(seed);
    let (senders, receivers) = (1 + random.below(4), 1 + random.below(4));
    let end = random.below(6);
    let ledger = Arc::new(Ledger::default());
    let context = Dispatchers::default();
    let l = ledger.clone();
    coscope::run_blocking_on(context, async move |s: Scope| {
        let (tx, rx) = channel_with::<Message>(capacity, overflow);
        let mut sending = vec![];
        for from in 0..senders {
            sending.push(s.launch(send(
                tx.clone(),
                l.clone(),
                from,
                messages / senders,
                seed.wrapping_mul(31) + from,
            )));
        }
        let ordered = receivers == 1;
        let mut receiving = vec![];
        for at in 0..receivers {
            receiving.push(s.launch(receive(rx.clone(), seed.wrapping_mul(37) + at, ordered)));
        }
        let half_way = async || {
            while l.made.load(SeqCst) < messages / 2 && !sending.iter().all(Job::is_completed) {
                yield_now().await;
            }
        };
        match end {
            0 => drop((tx, rx)), // to the end
            1 => {
                drop(tx);
                half_way().await;
                rx.close();
            }
            2 => {
                drop(rx);
                half_way().await;
                tx.cancel();
            }
            // those of one side are cut, or of both, all but one
            _ => {
                drop((tx, rx));
                half_way().await;
                let sending = sending.iter().skip(1).filter(|_| end != 4);
                let receiving = receiving.iter().skip(1).filter(|_| end != 3);
                for job in sending.chain(receiving) {
                    job.cancel("the history says so");
                }
            }
        }
    });
    let [made, received, back, dropped] =
        [&ledger.made, &ledger.received, &ledger.back, &ledger.dropped].map(|count| count.load(SeqCst));
    assert_eq!(made, received + back + dropped, "seed {seed}");
    assert_eq!(ledger.balance.load(SeqCst), 0, "seed {seed}");
    if end == 0 && overflow == Overflow::Suspend {
        assert!(received > 0, "seed {seed}");
        assert_eq!(dropped, ledger.cut.load(SeqCst), "seed {seed}");
    }
    made
}

#[test]
fn every_message_is_counted_once() {
    let messages = setting("COSCOPE_STRESS_MESSAGES", 6_000);
    let seed = setting("COSCOPE_STRESS_SEED", 1);
    let flavors = [
        (Capacity::Rendezvous, Overflow::Suspend),
        (Capacity::Buffered(1), Overflow::Suspend),
        (Capacity::Buffered(7), Overflow::Suspend),
        (Capacity::Unlimited, Overflow::Suspend),
        (Capacity::Conflated, Overflow::DropOldest),
        (Capacity::Buffered(3), Overflow::DropOldest),
        (Capacity::Buffered(3), Overflow::DropLatest),
    ];
    const HISTORY: u64 = 1000;
    for (at, (capacity, overflow)) in flavors.into_iter().enumerate() {
        let began = std::time::Instant::now();
        let (mut made, mut seed) = (0, seed.wrapping_mul(1_000_003).wrapping_add(at as u64));
        while made < messages {
            made += history(capacity, overflow, HISTORY, seed);
            seed = seed.wrapping_add(flavors.len() as u64);
        }
        println!("{made} messages, {capacity:?}, {overflow:?}: {:?}", began.elapsed());
    }
}
