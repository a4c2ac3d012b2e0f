//! Where structure makes a difference: a scope waits for its children, so that nobody keeps their handles; a node of a
//! tree opens a scope of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use coscope::{Scope, Start, delay, scope};

use crate::sample::{Sample, Watch};
use crate::scenario::{w2, w6};

pub(super) async fn undispatched(parent: Scope, n: usize) -> Sample {
    let count: &'static AtomicUsize = Box::leak(Box::default());
    let watch = Watch::start();
    for _ in 0..n {
        parent.start(Start::Undispatched).launch(async {
            count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        });
    }
    watch.stop(count.load(Ordering::Relaxed), n)
}

pub(super) async fn sleep_all(_: Scope, n: usize) -> Sample {
    let count: &'static AtomicUsize = Box::leak(Box::default());
    let watch = Watch::start();
    scope(async |all: Scope| {
        for _ in 0..n {
            all.launch(async {
                delay(w2::WAIT).await;
                count.fetch_add(1, Ordering::Relaxed);
            });
        }
    })
    .await;
    watch.stop(count.load(Ordering::Relaxed), n)
}

pub(super) async fn fork_join(_: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let done = scope(async |root: Scope| root.spawn(subtree(0, n)).await).await;
    watch.stop(done, n)
}

fn subtree(node: usize, n: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        let mut below = w6::children(node, n);
        let (Some(left), right) = (below.next(), below.next()) else { return 1 };
        scope(async |node: Scope| {
            let left = node.spawn(subtree(left, n));
            let right = right.map(|right| node.spawn(subtree(right, n)));
            let count = 1 + left.await;
            match right {
                Some(right) => count + right.await,
                None => count,
            }
        })
        .await
    })
}
