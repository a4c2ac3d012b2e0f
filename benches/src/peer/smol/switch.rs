//! `unblock`, which runs what blocks on threads for that; timeouts; one-shots.

use std::future::Future;
use std::hint::black_box;

use futures::channel::oneshot;
use smol::future::{or, yield_now};
use smol::{LocalExecutor, Timer};

use super::home;
use crate::peer::Make;
use crate::sample::{Sample, Watch};
use crate::scenario::w12d::{TIMEOUT, nothing};

type Local = &'static LocalExecutor<'static>;

pub(super) fn unblock(work: &str) -> Option<Make> {
    Some(match work {
        "W12b" => |setup| home::workers(setup, home::executor, |_, n| there_and_back(n)),
        _ => return None,
    })
}

async fn there_and_back(n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += smol::unblock(|| black_box(1)).await;
    }
    watch.stop(done, n)
}

/// 0 when the time is over. It counts from here on, as a timeout does.
fn timer() -> impl Future<Output = usize> {
    let timer = Timer::after(TIMEOUT);
    async {
        timer.await;
        0
    }
}

async fn first(timer: impl Future<Output = usize>, other: impl Future<Output = usize>) -> usize {
    or(other, timer).await
}

pub(super) async fn timeouts(_: Local, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += first(timer(), nothing()).await;
    }
    watch.stop(done, n)
}

pub(super) async fn armed(_: Local, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        let yields = async {
            yield_now().await;
            1
        };
        done += first(timer(), yields).await;
    }
    watch.stop(done, n)
}

pub(super) async fn detached_one_shot(executor: Local, n: usize) -> Sample {
    let watch = Watch::start();
    let receivers: Vec<_> = (0..n)
        .map(|_| {
            let (sender, receiver) = oneshot::channel();
            executor.spawn(async move { sender.send(1).unwrap() }).detach();
            receiver
        })
        .collect();
    let mut done = 0;
    for receiver in receivers {
        done += receiver.await.unwrap();
    }
    watch.stop(done, n)
}
