//! `counter += 1` from many threads does not compile. What comes nearest, a load and then a store, loses increments.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use coscope::prelude::*;

use super::counting::{massive_run, torn_increment};
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
        massive_run(Dispatchers::default(), || torn_increment(&COUNTER, Relaxed)).await;
        println!("Counter = {}", COUNTER.load(Relaxed));
    });
}
