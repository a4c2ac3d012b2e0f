//! Random answers: each is sent or not, waited for or not, given up by either side. Every message is received once, or comes back,
//! or is dropped with the receiver; and who waits for one that will not come is told so.
//!
//! Short, unless `COSCOPE_STRESS_MESSAGES` says how many; `COSCOPE_STRESS_SEED` makes it others.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use coscope::channel::{OneshotSender, Receiver, Sender, oneshot, rendezvous};
use coscope::prelude::*;
use coscope::select;

#[path = "common/random.rs"]
mod random;
#[path = "common/setting.rs"]
mod setting;
use random::Random;
use setting::setting;

#[derive(Default)]
struct Ledger {
    made: AtomicU64,
    received: AtomicU64,
    back: AtomicU64,
    dropped: AtomicU64,
}

struct Message(Arc<Ledger>);

impl Message {
    fn new(ledger: &Arc<Ledger>) -> Self {
        ledger.made.fetch_add(1, SeqCst);
        Message(ledger.clone())
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, SeqCst);
    }
}

/// Gives answers, or does not.
async fn answers(asked: Receiver<OneshotSender<Message>>, ledger: Arc<Ledger>, mut random: Random) {
    while let Ok(tx) = asked.recv().await {
        match random.below(8) {
            0 => drop(tx),
            1 => select! {
                () = tx.closed() => assert!(tx.is_closed()),
                _ = yield_now() => {}
            },
            fate => {
                if fate < 5 {
                    yield_now().await;
                }
                if let Err(_back) = tx.send(Message::new(&ledger)) {
                    ledger.back.fetch_add(1, SeqCst);
                }
            }
        }
    }
}

/// Asks, and waits for the answer or does not.
async fn asks(to: Sender<OneshotSender<Message>>, count: u64, ledger: Arc<Ledger>, mut random: Random) {
    for _ in 0..count {
        let (tx, rx) = oneshot();
        to.send(tx).await.unwrap();
        let got = match random.below(6) {
            0 => None,
            1 => rx.try_recv(),
            2 => with_timeout(Duration::from_micros(random.below(20)), rx.recv()).await.ok().flatten(),
            3 => select! {
                got = rx.recv() => got,
                _ = yield_now() => None,
            },
            _ => rx.recv().await,
        };
        if got.is_some() {
            ledger.received.fetch_add(1, SeqCst);
            assert!(rx.recv().await.is_none(), "one comes");
        }
    }
}

#[test]
fn every_answer_is_counted_once() {
    let (messages, seed) = (setting("COSCOPE_STRESS_MESSAGES", 6_000), setting("COSCOPE_STRESS_SEED", 1));
    let ledger = Arc::new(Ledger::default());
    let all = ledger.clone();
    coscope::run_blocking_on(Dispatchers::default(), async move |s: Scope| {
        for pair in 0..4 {
            let (tx, rx) = rendezvous();
            let random = |side: u64| Random::new(seed * 8 + pair * 2 + side);
            s.launch(answers(rx, all.clone(), random(0)));
            s.launch(asks(tx, messages / 4, all.clone(), random(1)));
        }
    });
    let [made, received, back, dropped] =
        [&ledger.made, &ledger.received, &ledger.back, &ledger.dropped].map(|count| count.load(SeqCst));
    assert_eq!(made, dropped, "each ends once");
    assert!(received + back <= made, "{received} received and {back} back, of {made}");
    assert!(received > messages / 4 && back > 0, "{received} received and {back} back, of {messages}");
}
