//! The same in the strictest order that there is, which is what Java's `volatile` has: a load and a store are two steps in any order.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use coscope::prelude::*;

use super::counting::{massive_run, torn_increment};
use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("volatile-counter", "The same with the strictest order of memory", run)
        .prints(&["Counter = {1..999999}"])
        .in_real_time()
        .alone();

static COUNTER: AtomicUsize = AtomicUsize::new(0);

fn run() {
    stage::run(async |_| {
        massive_run(Dispatchers::default(), || torn_increment(&COUNTER, SeqCst)).await;
        println!("Counter = {}", COUNTER.load(SeqCst));
    });
}
