//! W12a: coroutines that let each other go first, two of them or a thousand.

use crate::row::{Bar, Row};
use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};

/// How often they yield in all.
const YIELDS: usize = 200_000;

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (id, of, threads) in [
        ("W12a-2", "2", 2),
        ("W12a-1000", "1,000", 2),
        ("W12a-2-local", "2", 1),
        ("W12a-1000-local", "1,000", 1),
    ] {
        let place = if threads == 1 { "one thread" } else { "two workers" };
        let mut row = Row::new(id, &format!("`yield_now` between {of} coroutines, {place}"), YIELDS);
        row.threads = threads;
        rows.push(row.bars(&[Bar::Best(0.9)]).abroad(&["kotlin"]));
    }
    rows
}

/// Between two.
pub(crate) async fn two<R: Runtime>(runtime: R, n: usize) -> Sample {
    between(runtime, 2, n).await
}

/// Between a thousand.
pub(crate) async fn thousand<R: Runtime>(runtime: R, n: usize) -> Sample {
    between(runtime, 1_000, n).await
}

async fn between<R: Runtime>(runtime: R, count: usize, n: usize) -> Sample {
    let watch = Watch::start();
    let each = n / count;
    let handles: Vec<_> = (0..count)
        .map(|_| {
            runtime.spawn(async move {
                for _ in 0..each {
                    R::yield_now().await;
                }
                each
            })
        })
        .collect();
    let mut done = 0;
    for handle in handles {
        done += handle.await;
    }
    watch.stop(done, each * count)
}
