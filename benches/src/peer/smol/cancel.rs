//! A parent that owns its tasks: where it is dropped, so are they, and with them those below.

use std::future::{Future, pending};
use std::pin::Pin;

use smol::Task;

use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};
use crate::scenario::w10::children;
use crate::tally::Tally;

pub(super) async fn flat<R>(executor: R, n: usize) -> Sample
where
    R: Runtime<Handle<()> = Task<()>>,
{
    let tally = Tally::of(n);
    let tasks: Vec<_> = (0..n)
        .map(|_| {
            executor.spawn(async {
                let _counted = tally.enter();
                pending::<()>().await;
            })
        })
        .collect();
    tally.all_begun().await;
    let watch = Watch::start();
    drop(tasks);
    tally.all_ended().await;
    watch.stop(tally.ended(), n)
}

fn node<R>(
    executor: R,
    tally: &'static Tally,
    number: usize,
    n: usize,
) -> Pin<Box<dyn Future<Output = ()> + Send>>
where
    R: Runtime<Handle<()> = Task<()>> + Send + Sync + 'static,
{
    Box::pin(async move {
        let _counted = tally.enter();
        let below = children(number, n).map(|child| executor.spawn(node(executor.clone(), tally, child, n)));
        let _below: Vec<_> = below.collect();
        pending::<()>().await;
    })
}

pub(super) async fn tree<R>(executor: R, n: usize) -> Sample
where
    R: Runtime<Handle<()> = Task<()>> + Send + Sync + 'static,
{
    let tally = Tally::of(n);
    let root = executor.spawn(node(executor.clone(), tally, 0, n));
    tally.all_begun().await;
    let watch = Watch::start();
    drop(root);
    tally.all_ended().await;
    watch.stop(tally.ended(), n)
}
