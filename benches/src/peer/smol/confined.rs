//! An executor of one thread: it takes care of a counter, or is where a task goes and comes back from.

use smol::Executor;

use super::home;
use crate::peer::Make;
use crate::sample::{Sample, Watch};
use crate::scenario::w3::{Confined, TIMES};

type Pool = &'static Executor<'static>;

pub(super) fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W3a" => |setup| {
            let other = home::executor(1);
            home::workers(setup, home::executor, move |pool, n| fine(pool, other, n))
        },
        "W3b" => |setup| {
            let other = home::executor(1);
            home::workers(setup, home::executor, move |_, n| coarse(other, n))
        },
        "W12c" => |setup| {
            let other = home::executor(1);
            home::workers(setup, home::executor, move |_, n| there_and_back(other, n))
        },
        _ => return None,
    })
}

async fn fine(pool: Pool, other: Pool, n: usize) -> Sample {
    let counter = Confined::leaked();
    let watch = Watch::start();
    let tasks: Vec<_> = (0..n / TIMES)
        .map(|_| {
            pool.spawn(async move {
                for _ in 0..TIMES {
                    other.spawn(async { counter.increment() }).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await;
    }
    watch.stop(counter.get(), n)
}

async fn coarse(other: Pool, n: usize) -> Sample {
    let counter = Confined::leaked();
    let watch = Watch::start();
    let tasks: Vec<_> = (0..n / TIMES)
        .map(|_| {
            other.spawn(async {
                for _ in 0..TIMES {
                    counter.increment();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await;
    }
    watch.stop(counter.get(), n)
}

async fn there_and_back(other: Pool, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += other.spawn(async { 1 }).await;
    }
    watch.stop(done, n)
}
