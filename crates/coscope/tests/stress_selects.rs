//! Crossed selects: nothing lost, nothing doubled, nothing received that no sender has committed, and nobody left asleep.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use coscope::channel::rendezvous;
use coscope::prelude::*;
use coscope::select_unbiased;

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
