//! One thread at a time takes care of the counter, and every increment goes there and back.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use coscope::prelude::*;

use super::counting::massive_run;
use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("fine-confinement", "A million increments, each on a confined dispatcher and back", run)
        .prints(&["Counter = 1000000"])
        .in_real_time()
        .alone();

static COUNTER: AtomicUsize = AtomicUsize::new(0);

fn run() {
    stage::run(async |_| {
        let confined = Dispatchers::default().limited_parallelism(1);
        massive_run(Dispatchers::default(), move || {
            with_context(confined.clone(), async {
                COUNTER.store(COUNTER.load(Relaxed) + 1, Relaxed); // nobody comes in between
            })
        })
        .await;
        println!("Counter = {}", COUNTER.load(Relaxed));
    });
}
