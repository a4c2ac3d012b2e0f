//! Threads of the system, one for each.

use std::thread::{self, Builder, sleep};

use super::{Make, Peer, Run};
use crate::sample::Watch;
use crate::scenario::w1::{ANSWER, Answer};
use crate::scenario::w8;

pub(super) const PEERS: &[Peer] = &[Peer { name: "threads", offer }];

fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W1a" => |_| each(|| ()),
        "W8" => |_| each(|| sleep(w8::WAIT)),
        _ => return None,
    })
}

fn each(task: fn()) -> Run {
    Box::new(move |n| {
        let watch = Watch::start();
        let start = || {
            let body = move || {
                task();
                ANSWER
            };
            Builder::new().stack_size(64 * 1024).spawn(body).unwrap()
        };
        let threads: Vec<thread::JoinHandle<Answer>> = (0..n).map(|_| start()).collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        let done = answers.filter(|answer| answer.is_whole()).count();
        watch.stop(done, n)
    })
}
