//! A parent is cancelled, and joined: that is when the last below it has ended.

use std::future::{Future, pending};
use std::pin::Pin;

use coscope::{Job, Scope, scope};

use crate::sample::{Sample, Watch};
use crate::scenario::w10::children;
use crate::tally::Tally;

pub(super) async fn flat(root: Scope, n: usize) -> Sample {
    let tally = Tally::of(n);
    let parent = root.launch(scope(async move |all: Scope| {
        for _ in 0..n {
            all.launch(async {
                let _counted = tally.enter();
                pending::<()>().await;
            });
        }
    }));
    timed(tally, &parent, n).await
}

pub(super) async fn tree(root: Scope, n: usize) -> Sample {
    let tally = Tally::of(n);
    let parent = root.launch(node(tally, 0, n));
    timed(tally, &parent, n).await
}

fn node(tally: &'static Tally, number: usize, n: usize) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let _counted = tally.enter();
        scope(async |below: Scope| {
            for child in children(number, n) {
                below.launch(node(tally, child, n));
            }
            pending::<()>().await;
        })
        .await
    })
}

async fn timed(tally: &'static Tally, parent: &Job, n: usize) -> Sample {
    tally.all_begun().await;
    let watch = Watch::start();
    parent.cancel_and_join("measured").await;
    watch.stop(tally.ended(), n)
}
