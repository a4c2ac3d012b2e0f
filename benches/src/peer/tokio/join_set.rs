//! `JoinSet`: it owns its tasks, aborts them, and waits until they have ended.

use std::future::{Future, pending};
use std::pin::Pin;

use tokio::task::JoinSet;

use super::home;
use crate::peer::Make;
use crate::sample::{Sample, Watch};
use crate::scenario::w1::ANSWER;
use crate::scenario::w10::children;
use crate::tally::Tally;

pub(super) fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W1a" => |setup| home::workers(setup, spawn_all),
        "W1b" => |_| home::current_thread(spawn_all),
        "W10-flat" => |setup| home::workers(setup, cancel_flat),
        "W10-tree" => |setup| home::workers(setup, cancel_tree),
        _ => return None,
    })
}

async fn spawn_all(n: usize) -> Sample {
    let watch = Watch::start();
    let mut set = JoinSet::new();
    for _ in 0..n {
        set.spawn(async { ANSWER });
    }
    let mut done = 0;
    while let Some(answer) = set.join_next().await {
        done += usize::from(answer.unwrap().is_whole());
    }
    watch.stop(done, n)
}

async fn cancel_flat(n: usize) -> Sample {
    let tally = Tally::of(n);
    let mut set = JoinSet::new();
    for _ in 0..n {
        set.spawn(async move {
            let _counted = tally.enter();
            pending::<()>().await;
        });
    }
    tally.all_begun().await;
    let watch = Watch::start();
    set.shutdown().await;
    watch.stop(tally.ended(), n)
}

/// A task that owns a set of those below it: its abort drops the set, which aborts them.
fn node(tally: &'static Tally, number: usize, n: usize) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let _counted = tally.enter();
        let mut set = JoinSet::new();
        for child in children(number, n) {
            set.spawn(node(tally, child, n));
        }
        pending::<()>().await;
    })
}

async fn cancel_tree(n: usize) -> Sample {
    let tally = Tally::of(n);
    let mut set = JoinSet::new();
    set.spawn(node(tally, 0, n));
    tally.all_begun().await;
    let watch = Watch::start();
    set.abort_all();
    tally.all_ended().await;
    watch.stop(tally.ended(), n)
}
