//! `block_in_place`, which lets a task block where it is; and timeouts.

use std::hint::black_box;

use super::home;
use crate::peer::Make;
use crate::sample::{Sample, Watch};
use crate::scenario::w12d::{TIMEOUT, nothing};

pub(super) fn in_place(work: &str) -> Option<Make> {
    Some(match work {
        "W12b" => |setup| home::workers(setup, block_in_place),
        _ => return None,
    })
}

async fn block_in_place(n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += tokio::task::block_in_place(|| black_box(1));
    }
    watch.stop(done, n)
}

pub(super) async fn timeout(n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += tokio::time::timeout(TIMEOUT, nothing()).await.unwrap();
    }
    watch.stop(done, n)
}

pub(super) async fn armed(n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        tokio::time::timeout(TIMEOUT, tokio::task::yield_now()).await.unwrap();
        done += 1;
    }
    watch.stop(done, n)
}
