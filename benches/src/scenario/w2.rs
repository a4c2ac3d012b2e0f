//! W2: a hundred thousand coroutines, or a million, wait for a second at once.

use std::time::Duration;

use crate::row::{Bar, Row};
use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};

/// How long each waits.
pub(crate) const WAIT: Duration = Duration::from_secs(1);

pub(crate) fn rows() -> Vec<Row> {
    let many = "100,000 coroutines that delay 1 s at once; wall, CPU, peak memory";
    let more = "1,000,000 coroutines that delay 1 s at once; wall, CPU, peak memory";
    vec![
        Row::new("W2-100k", many, 100_000)
            .whole()
            .bars(&[Bar::Most(1_020.0), Bar::Cpu(0.8), Bar::Memory(0.9)])
            .abroad(&["go"]),
        Row::new("W2-1m", more, 1_000_000)
            .same_work_as("W2-100k")
            .whole()
            .bars(&[Bar::Most(1_250.0), Bar::Cpu(0.8), Bar::Memory(0.9)])
            .abroad(&["go"]),
    ]
}

/// All of them, by one parent that awaits them.
pub(crate) async fn sleep_all<R: Runtime>(runtime: R, n: usize) -> Sample {
    let watch = Watch::start();
    let handles: Vec<_> = (0..n)
        .map(|_| {
            runtime.spawn(async {
                R::sleep(WAIT).await;
                1
            })
        })
        .collect();
    let mut done = 0;
    for handle in handles {
        done += handle.await;
    }
    watch.stop(done, n)
}
