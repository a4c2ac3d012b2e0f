//! A one-shot channel: completed by a detached task, or in line.

use tokio::sync::oneshot;

use crate::sample::{Sample, Watch};

pub(super) async fn detached(n: usize) -> Sample {
    let watch = Watch::start();
    let receivers: Vec<_> = (0..n)
        .map(|_| {
            let (sender, receiver) = oneshot::channel();
            tokio::spawn(async move { sender.send(1).unwrap() });
            receiver
        })
        .collect();
    let mut done = 0;
    for receiver in receivers {
        done += receiver.await.unwrap();
    }
    watch.stop(done, n)
}

pub(super) async fn in_line(n: usize) -> Sample {
    let watch = Watch::start();
    let cells: Vec<_> = (0..n)
        .map(|_| {
            let (sender, receiver) = oneshot::channel();
            (async move { sender.send(1).unwrap() }, receiver)
        })
        .collect();
    let mut done = 0;
    for (future, receiver) in cells {
        future.await;
        done += receiver.await.unwrap();
    }
    watch.stop(done, n)
}
