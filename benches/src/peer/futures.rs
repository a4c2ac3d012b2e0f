//! futures: nothing is started, all is polled by the one who awaits. A floor for what starts something.

use std::future::Future;

use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt};

use super::{Make, Peer, Run};
use crate::sample::{Sample, Watch};
use crate::scenario::{w1, w1d};

pub(super) const PEERS: &[Peer] = &[
    Peer { name: "futures", offer: in_line },
    Peer { name: "futures join_all (floor)", offer: joined },
    Peer { name: "futures FuturesUnordered (floor)", offer: unordered },
];

fn home<Fut: Future<Output = Sample>>(work: impl Fn(usize) -> Fut + 'static) -> Run {
    Box::new(move |n| futures::executor::block_on(work(n)))
}

fn in_line(work: &str) -> Option<Make> {
    Some(match work {
        "W1d" | "I-inline" => |_| home(w1d::in_line),
        _ => return None,
    })
}

fn joined(work: &str) -> Option<Make> {
    Some(match work {
        "W1b" | "I-inline" => |_| home(all),
        _ => return None,
    })
}

fn unordered(work: &str) -> Option<Make> {
    Some(match work {
        "W1b" => |_| home(as_they_end),
        _ => return None,
    })
}

async fn all(n: usize) -> Sample {
    let watch = Watch::start();
    let answers = join_all((0..n).map(|_| async { w1::ANSWER })).await;
    let done = answers.iter().filter(|answer| answer.is_whole()).count();
    watch.stop(done, n)
}

async fn as_they_end(n: usize) -> Sample {
    let watch = Watch::start();
    let mut futures: FuturesUnordered<_> = (0..n).map(|_| async { w1::ANSWER }).collect();
    let mut done = 0;
    while let Some(answer) = futures.next().await {
        done += usize::from(answer.is_whole());
    }
    watch.stop(done, n)
}
