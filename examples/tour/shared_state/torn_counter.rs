//! `counter += 1` from many threads does not compile. What comes nearest, a load and then a store, loses increments.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use coscope::prelude::*;

use super::counting::massive_run;
use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("torn-counter", "A million increments, each a load and a store", run)
        .prints(&["Counter = {1..999999}"])
        .in_real_time()
        .alone();

static COUNTER: AtomicUsize = AtomicUsize::new(0);

fn run() {
    stage::run(async |_| {
        massive_run(Dispatchers::default(), async || {
            let before = COUNTER.load(Relaxed);
            if before.is_multiple_of(64) {
                std::thread::yield_now(); // the others get their chance in between
            }
            COUNTER.store(before + 1, Relaxed);
        })
        .await;
        println!("Counter = {}", COUNTER.load(Relaxed));
    });
}
