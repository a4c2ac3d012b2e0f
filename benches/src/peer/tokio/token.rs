//! `CancellationToken`: one for each task, below that of its parent.

use std::future::{Future, pending};
use std::pin::Pin;

use futures::future::{Either, select};
use tokio_util::sync::CancellationToken;

use super::home;
use crate::peer::Make;
use crate::sample::{Sample, Watch};
use crate::scenario::w10::children;
use crate::tally::Tally;

pub(super) fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W10-flat" => |setup| home::workers(setup, cancel_flat),
        "W10-tree" => |setup| home::workers(setup, cancel_tree),
        _ => return None,
    })
}

/// Suspended until the token is cancelled.
async fn until_cancelled(token: &CancellationToken) {
    let cancelled = std::pin::pin!(token.cancelled());
    if let Either::Right(_) = select(cancelled, pending::<()>()).await {
        unreachable!("it is pending for ever");
    }
}

async fn cancel_flat(n: usize) -> Sample {
    let tally = Tally::of(n);
    let token = CancellationToken::new();
    for _ in 0..n {
        let token = token.clone();
        tokio::spawn(async move {
            let _counted = tally.enter();
            until_cancelled(&token).await;
        });
    }
    timed(tally, &token, n).await
}

fn node(
    tally: &'static Tally,
    token: CancellationToken,
    number: usize,
    n: usize,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let _counted = tally.enter();
        for child in children(number, n) {
            tokio::spawn(node(tally, token.child_token(), child, n));
        }
        until_cancelled(&token).await;
    })
}

async fn cancel_tree(n: usize) -> Sample {
    let tally = Tally::of(n);
    let token = CancellationToken::new();
    tokio::spawn(node(tally, token.child_token(), 0, n));
    timed(tally, &token, n).await
}

async fn timed(tally: &'static Tally, token: &CancellationToken, n: usize) -> Sample {
    tally.all_begun().await;
    let watch = Watch::start();
    token.cancel();
    tally.all_ended().await;
    watch.stop(tally.ended(), n)
}
