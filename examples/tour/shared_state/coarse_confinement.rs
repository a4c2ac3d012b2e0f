//! The coroutines live where the counter is, and go nowhere.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use coscope::prelude::*;

use super::counting::massive_run;
use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("coarse-confinement", "A million increments, all on a confined dispatcher", run)
        .prints(&["Counter = 1000000"])
        .in_real_time();

static COUNTER: AtomicUsize = AtomicUsize::new(0);

fn run() {
    stage::run(async |_| {
        massive_run(Dispatchers::default().limited_parallelism(1), async || {
            COUNTER.store(COUNTER.load(Relaxed) + 1, Relaxed); // nobody comes in between
        })
        .await;
        println!("Counter = {}", COUNTER.load(Relaxed));
    });
}
