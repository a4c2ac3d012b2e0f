//! An increment that is one step loses nothing.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use coscope::prelude::*;

use super::counting::massive_run;
use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("atomic-counter", "A million increments, each in one step", run)
        .prints(&["Counter = 1000000"]);

static COUNTER: AtomicUsize = AtomicUsize::new(0);

fn run() {
    stage::run(async |_| {
        massive_run(Dispatchers::default(), async || {
            COUNTER.fetch_add(1, Relaxed);
        })
        .await;
        println!("Counter = {}", COUNTER.load(Relaxed));
    });
}
