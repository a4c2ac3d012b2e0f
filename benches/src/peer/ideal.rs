//! What the documents' table would be without any loss: where tasks wait, as arithmetic has it; where they compute, as
//! bare threads do it that share nothing but a counter. And the yardstick of growth.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::scope;

use super::{Make, Peer, Run, Setup};
use crate::sample::Watch;
use crate::scenario::growth::{self, BOXES};
use crate::scenario::w7::Kind;

pub(super) const PEERS: &[Peer] =
    &[Peer { name: "ideal", offer }, Peer { name: "Vec<Box<_>>", offer: yardstick }];

fn offer(work: &str) -> Option<Make> {
    Kind::of(work).map(|_| table as Make)
}

fn table(setup: &Setup) -> Run {
    let (threads, kind) = (setup.threads, Kind::of(setup.work).unwrap());
    Box::new(move |n| match kind {
        Kind::Suspend | Kind::Block => {
            let rounds = n.div_ceil(kind.at_once(threads)) as u32;
            let mut sample = Watch::start().stop(n, n);
            sample.wall = kind.wait(threads) * rounds;
            sample
        }
        Kind::Compute | Kind::Allocate => {
            let taken = AtomicUsize::new(0);
            let work = || {
                while taken.fetch_add(1, Ordering::Relaxed) < n {
                    kind.occupy(threads);
                }
            };
            let watch = Watch::start();
            scope(|all| (0..kind.at_once(threads)).for_each(|_| drop(all.spawn(work))));
            watch.stop(taken.into_inner().min(n), n)
        }
    })
}

fn yardstick(work: &str) -> Option<Make> {
    (work == BOXES).then_some(|_| Box::new(growth::boxes))
}
