//! may: coroutines with stacks of their own. Not many of them at once: each takes two of the system's mappings, of which
//! there are 65,530 as a rule.

use may::coroutine::{self, JoinHandle};
use may::go;

use super::{Make, Peer, Run, Setup};
use crate::sample::{Sample, Watch};
use crate::scenario::w1::{ANSWER, Answer};

pub(super) const PEERS: &[Peer] = &[Peer { name: "may", offer }];

fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W1a" => |setup| home(setup, spawn_all),
        "W12a-2" => |setup| home(setup, |n| between(2, n)),
        "W12a-1000" => |setup| home(setup, |n| between(1_000, n)),
        _ => return None,
    })
}

/// The parent is a coroutine on a worker.
fn home(setup: &Setup, work: fn(usize) -> Sample) -> Run {
    may::config().set_workers(setup.threads);
    Box::new(move |n| go!(move || work(n)).join().unwrap())
}

fn spawn_all(n: usize) -> Sample {
    let watch = Watch::start();
    let handles: Vec<JoinHandle<Answer>> = (0..n).map(|_| go!(|| ANSWER)).collect();
    let answers = handles.into_iter().map(|handle| handle.join().unwrap());
    let done = answers.filter(|answer| answer.is_whole()).count();
    watch.stop(done, n)
}

fn between(count: usize, n: usize) -> Sample {
    let watch = Watch::start();
    let each = n / count;
    let start = || {
        go!(move || {
            (0..each).for_each(|_| coroutine::yield_now());
            each
        })
    };
    let handles: Vec<JoinHandle<usize>> = (0..count).map(|_| start()).collect();
    let done = handles.into_iter().map(|handle| handle.join().unwrap()).sum();
    watch.stop(done, each * count)
}
