//! What a result costs: completed by hand by a launched coroutine, by a detached one, or by a future in line.

use coscope::{CompletableDeferred, Scope, current_context, detached, scope};

use super::home;
use crate::peer::Make;
use crate::sample::{Sample, Watch};
use crate::scenario::w1::{ANSWER, Answer};

pub(super) fn completed(work: &str) -> Option<Make> {
    Some(match work {
        "S0" => |_| home::pool(launch_and_complete),
        _ => return None,
    })
}

pub(super) fn bare(work: &str) -> Option<Make> {
    Some(match work {
        "S0" => |_| home::pool(in_line),
        _ => return None,
    })
}

async fn launch_and_complete(_: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let done = scope(async |all: Scope| {
        let launch = || {
            let deferred = CompletableDeferred::new();
            let completes = deferred.clone();
            all.launch(async move { completes.complete(ANSWER).unwrap() });
            deferred
        };
        await_all((0..n).map(|_| launch()).collect()).await
    })
    .await;
    watch.stop(done, n)
}

pub(super) async fn detached_one_shot(_: Scope, n: usize) -> Sample {
    let here = current_context().dispatcher().unwrap().clone();
    let watch = Watch::start();
    let root = detached();
    let launch = || {
        let deferred = CompletableDeferred::new();
        let completes = deferred.clone();
        root.on(&here).launch(async move { completes.complete(ANSWER).unwrap() });
        deferred
    };
    let done = await_all((0..n).map(|_| launch()).collect()).await;
    watch.stop(done, n)
}

/// A future that completes the cell in the caller's own poll: the cell is all that is allocated.
pub(super) async fn in_line(_: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let all: Vec<_> = (0..n)
        .map(|_| {
            let deferred = CompletableDeferred::new();
            let completes = deferred.clone();
            (async move { completes.complete(ANSWER).unwrap() }, deferred)
        })
        .collect();
    let mut done = 0;
    for (future, deferred) in all {
        future.await;
        done += usize::from(deferred.wait().await.is_ok_and(|answer| answer.is_whole()));
    }
    watch.stop(done, n)
}

async fn await_all(all: Vec<CompletableDeferred<Answer>>) -> usize {
    let mut done = 0;
    for deferred in all {
        done += usize::from(deferred.wait().await.is_ok_and(|answer| answer.is_whole()));
    }
    done
}
