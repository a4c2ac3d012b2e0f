//! crossbeam: channels between threads of the system, and selects over them.

use std::thread;

use crossbeam_channel::{Receiver, Select, Sender, bounded, unbounded};

use super::{Make, Peer, Run, Setup};
use crate::sample::{Sample, Watch};
use crate::scenario::w4::{self, Shape};
use crate::scenario::w5;

pub(super) const PEERS: &[Peer] = &[Peer { name: "crossbeam threads", offer }];

fn offer(work: &str) -> Option<Make> {
    if let Some(Shape::Pass { .. }) = w4::shape(work) {
        return Some(pass);
    }
    Some(match work {
        "W5-2" => |_| Box::new(|n| selects(2, n)),
        "W5-8" => |_| Box::new(|n| selects(8, n)),
        _ => return None,
    })
}

fn send(to: &Sender<u64>, n: usize) {
    for message in 0..n {
        to.send(message as u64).unwrap();
    }
}

fn pass(setup: &Setup) -> Run {
    let Some(Shape::Pass { senders, receivers, capacity }) = w4::shape(setup.work) else { unreachable!() };
    Box::new(move |n| {
        let watch = Watch::start();
        let (to, from) = capacity.map_or_else(unbounded, bounded);
        let done = thread::scope(|threads| {
            let counts: Vec<_> = (0..receivers).map(|_| threads.spawn(|| from.iter().count())).collect();
            for _ in 0..senders {
                let to = to.clone();
                threads.spawn(move || send(&to, n / senders));
            }
            drop(to);
            counts.into_iter().map(|count| count.join().unwrap()).sum()
        });
        watch.stop(done, n / senders * senders)
    })
}

/// From so many channels, each with a thread that sends, until all have closed.
fn selects(channels: usize, n: usize) -> Sample {
    let watch = Watch::start();
    let done = thread::scope(|threads| {
        let from: Vec<Receiver<u64>> = (0..channels)
            .map(|_| {
                let (to, from) = bounded(w5::KEPT);
                threads.spawn(move || send(&to, n / channels));
                from
            })
            .collect();
        let mut select = Select::new();
        for from in &from {
            select.recv(from);
        }
        let (mut open, mut done) = (channels, 0);
        while open > 0 {
            let ready = select.select();
            let at = ready.index();
            if ready.recv(&from[at]).is_ok() {
                done += 1;
            } else {
                select.remove(at);
                open -= 1;
            }
        }
        done
    });
    watch.stop(done, n / channels * channels)
}
