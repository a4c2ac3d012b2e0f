//! Another runtime, of one thread: it takes care of a counter, or is where a task goes and comes back from.

use tokio::runtime::{Builder, Handle, Runtime};

use super::home;
use crate::peer::Make;
use crate::sample::{Sample, Watch};
use crate::scenario::w3::{Confined, TIMES};

pub(super) fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W3a" => |setup| {
            let other = one_thread();
            home::workers(setup, move |n| fine(other.handle().clone(), n))
        },
        "W3b" => |setup| {
            let other = one_thread();
            home::workers(setup, move |n| coarse(other.handle().clone(), n))
        },
        "W12c" => |setup| {
            let other = one_thread();
            home::workers(setup, move |n| there_and_back(other.handle().clone(), n))
        },
        _ => return None,
    })
}

fn one_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).build().unwrap()
}

async fn fine(other: Handle, n: usize) -> Sample {
    let counter = Confined::leaked();
    let watch = Watch::start();
    let tasks: Vec<_> = (0..n / TIMES)
        .map(|_| {
            let other = other.clone();
            tokio::spawn(async move {
                for _ in 0..TIMES {
                    other.spawn(async { counter.increment() }).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    watch.stop(counter.get(), n)
}

async fn coarse(other: Handle, n: usize) -> Sample {
    let counter = Confined::leaked();
    let watch = Watch::start();
    let tasks: Vec<_> = (0..n / TIMES)
        .map(|_| {
            other.spawn(async move {
                for _ in 0..TIMES {
                    counter.increment();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    watch.stop(counter.get(), n)
}

async fn there_and_back(other: Handle, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += other.spawn(async { 1 }).await.unwrap();
    }
    watch.stop(done, n)
}
