//! W6: a binary tree of coroutines, each of which starts two and awaits them: fork and join.

use std::future::Future;
use std::pin::Pin;

use crate::row::{Bar, Row};
use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};

pub(crate) fn rows() -> Vec<Row> {
    let about = "binary fork-join tree of depth 16; per coroutine";
    vec![Row::new("W6", about, (1 << 17) - 1).bars(&[Bar::Best(0.5)]).abroad(&["go", "kotlin"])]
}

/// The children of the node with this number in a tree of `n` nodes, numbered level by level.
pub(crate) fn children(node: usize, n: usize) -> impl Iterator<Item = usize> {
    [2 * node + 1, 2 * node + 2].into_iter().filter(move |child| *child < n)
}

/// The whole tree.
pub(crate) async fn fork_join<R>(runtime: R, n: usize) -> Sample
where
    R: Runtime + Send + Sync + 'static,
    R::Handle<usize>: Send,
{
    let watch = Watch::start();
    let done = runtime.spawn(subtree(runtime.clone(), 0, n)).await;
    watch.stop(done, n)
}

/// How many nodes there are from here on.
fn subtree<R>(runtime: R, node: usize, n: usize) -> Pin<Box<dyn Future<Output = usize> + Send>>
where
    R: Runtime + Send + Sync + 'static,
    R::Handle<usize>: Send,
{
    Box::pin(async move {
        let mut handles = children(node, n).map(|child| runtime.spawn(subtree(runtime.clone(), child, n)));
        let (left, right) = (handles.next(), handles.next());
        drop(handles);
        let mut count = 1;
        if let Some(left) = left {
            count += left.await;
        }
        if let Some(right) = right {
            count += right.await;
        }
        count
    })
}
