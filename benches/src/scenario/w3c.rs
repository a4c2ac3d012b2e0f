//! W3c: a counter under an asynchronous mutex, to which a thousand coroutines add a thousand times each.

use std::sync::Arc;

use crate::row::{Bar, Row};
use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};

/// How many coroutines add.
const COROUTINES: usize = 1_000;

pub(crate) fn rows() -> Vec<Row> {
    let about =
        |place| format!("1,000 coroutines × 1,000 increments under an async mutex, {place}; per increment");
    let mut rows = vec![
        Row::new("W3c", &about("two workers"), 1_000_000).bars(&[Bar::Best(0.7)]),
        Row::new("W3c-local", &about("one thread"), 1_000_000).bars(&[Bar::Best(0.9)]).single(),
    ];
    for row in &mut rows {
        row.part = "communication";
        row.abroad = &["kotlin"];
    }
    rows
}

/// A number under an asynchronous mutex, each peer's own.
pub(crate) trait Counter: Send + Sync + 'static {
    /// At nought.
    fn new() -> Self;
    /// Adds one; lets the others go first, while it is held, if `while_held` says how.
    fn add<Y: Future + Send>(
        &self,
        while_held: impl Fn() -> Option<Y> + Send,
    ) -> impl Future<Output = usize> + Send;
}

macro_rules! counter {
    ($($mutex:ty),*) => {$(
        impl Counter for $mutex {
            fn new() -> Self {
                <$mutex>::new(0)
            }
            async fn add<Y: Future + Send>(&self, while_held: impl Fn() -> Option<Y> + Send) -> usize {
                let mut counter = self.lock().await;
                *counter += 1;
                if let Some(wait) = while_held() {
                    wait.await;
                }
                *counter
            }
        }
    )*};
}
counter!(coscope::sync::Mutex<usize>);
#[cfg(feature = "peers")]
counter!(tokio::sync::Mutex<usize>, smol::lock::Mutex<usize>);

/// Nothing is waited for while it is held.
pub(crate) async fn count<C: Counter, R: Runtime>(runtime: R, n: usize) -> Sample {
    each::<C, R, std::future::Ready<()>>(runtime, n, || None).await
}

/// The same, with `while_held`.
pub(super) async fn each<C: Counter, R: Runtime, Y: Future + Send>(
    runtime: R,
    n: usize,
    while_held: impl Fn() -> Option<Y> + Copy + Send + 'static,
) -> Sample {
    let counter = Arc::new(C::new());
    let watch = Watch::start();
    let handles: Vec<_> = (0..COROUTINES)
        .map(|_| {
            let counter = counter.clone();
            runtime.spawn(async move {
                let mut last = 0;
                for _ in 0..n / COROUTINES {
                    last = counter.add(while_held).await;
                }
                last
            })
        })
        .collect();
    let mut done = 0;
    for handle in handles {
        done = done.max(handle.await);
    }
    watch.stop(done, n / COROUTINES * COROUTINES)
}
