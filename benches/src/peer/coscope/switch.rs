//! From dispatcher to dispatcher; into scopes and timeouts in which nothing happens.

use std::hint::black_box;

use coscope::{Dispatchers, Scope, scope, with_context, with_timeout, yield_now};

use crate::sample::{Sample, Watch};
use crate::scenario::w12d::{TIMEOUT, nothing};

pub(super) async fn blocking_and_back(_: Scope, n: usize) -> Sample {
    let io = Dispatchers::io();
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += with_context(&io, async { black_box(1) }).await;
    }
    watch.stop(done, n)
}

pub(super) async fn thread_and_back(_: Scope, n: usize) -> Sample {
    let thread = Dispatchers::single_thread("other");
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += with_context(&thread, async { black_box(1) }).await;
    }
    watch.stop(done, n)
}

pub(super) async fn scopes(_: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += scope(async |_: Scope| nothing().await).await;
    }
    watch.stop(done, n)
}

pub(super) async fn timeouts(_: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += with_timeout(TIMEOUT, nothing()).await.unwrap();
    }
    watch.stop(done, n)
}

pub(super) async fn armed(_: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        with_timeout(TIMEOUT, yield_now()).await.unwrap();
        done += 1;
    }
    watch.stop(done, n)
}
