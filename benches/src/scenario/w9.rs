//! W9: a million timers: inserted and cancelled one at a time, all inserted and then all cancelled, or
//! waited for, with random deadlines within a second.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use crate::row::{Bar, Row};
use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};

pub(crate) fn rows() -> Vec<Row> {
    let one = "1,000,000 timers, each inserted then cancelled";
    let batch = "1,000,000 timers, all inserted then all cancelled";
    let fired = "1,000,000 coroutines that delay a random time within 1 s, all fired; wall";
    vec![
        Row::new("W9-each", one, 1_000_000).bars(&[Bar::Best(0.6)]),
        Row::new("W9-batch", batch, 1_000_000).bars(&[Bar::Best(0.6)]),
        Row::new("W9-fire", fired, 1_000_000).whole().bars(&[Bar::Best(0.6)]).abroad(&["go"]),
    ]
}

/// Begins to wait; whether it has to.
async fn begin<F: Future>(mut future: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

/// From ten seconds on, none like the next.
fn far(index: usize) -> Duration {
    Duration::from_secs(10) + Duration::from_micros((index * 7_919 % 10_000_019) as u64)
}

/// One at a time.
pub(crate) async fn one_by_one<R: Runtime>(_: R, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for index in 0..n {
        let sleep = pin!(R::sleep(far(index)));
        done += usize::from(begin(sleep).await);
    }
    watch.stop(done, n)
}

/// All at once.
pub(crate) async fn batch<R: Runtime>(_: R, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    let mut all = Vec::with_capacity(n);
    for index in 0..n {
        let mut sleep = Box::pin(R::sleep(far(index)));
        done += usize::from(begin(sleep.as_mut()).await);
        all.push(sleep);
    }
    drop(all);
    watch.stop(done, n)
}

/// How long the coroutine with this number waits.
fn within_a_second(index: usize) -> Duration {
    Duration::from_nanos((index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % 1_000_000_000)
}

/// Each in a coroutine of its own, awaited.
pub(crate) async fn fire<R: Runtime>(runtime: R, n: usize) -> Sample {
    let watch = Watch::start();
    let handles: Vec<_> = (0..n)
        .map(|index| {
            runtime.spawn(async move {
                R::sleep(within_a_second(index)).await;
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
