//! A thousand coroutines on the pool, each of which does something a thousand times.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use coscope::prelude::*;

/// Does `action` a thousand times in each of a thousand coroutines on `dispatcher`, and waits for all.
pub(super) async fn massive_run<F, Fut>(dispatcher: Dispatcher, action: F)
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    scope(async |s: Scope| {
        for _ in 0..1_000 {
            let action = action.clone();
            s.on(&dispatcher).launch(async move {
                for _ in 0..1_000 {
                    action().await;
                }
            });
        }
    })
    .await;
}

/// `counter += 1` as a load and a store, between which others may come.
pub(super) async fn torn_increment(counter: &AtomicUsize, order: Ordering) {
    let before = counter.load(order);
    if before.is_multiple_of(64) {
        std::thread::yield_now(); // the others get their chance in between
    }
    counter.store(before + 1, order);
}
