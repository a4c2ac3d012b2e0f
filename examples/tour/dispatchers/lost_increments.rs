//! Ten thousand coroutines count up one number. Rust does not let threads share a plain one; what comes
//! nearest, to load it and then to store one more, loses increments where threads meet in between. On
//! one thread at a time, be it now this and now that one, nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("lost-increments", "A number that many threads count up", run)
        .prints(&["on IO: {1..9999}", "on one thread at a time: 10000"])
        .in_real_time()
        .alone();

fn run() {
    println!("on IO: {}", count_on(Dispatchers::io()));
    println!("on one thread at a time: {}", count_on(Dispatchers::default().limited_parallelism(1)));
}

fn count_on(dispatcher: Dispatcher) -> usize {
    let number = Arc::new(AtomicUsize::new(0));
    stage::run(async |s: Scope| {
        for _ in 0..10_000 {
            let number = number.clone();
            s.on(dispatcher.clone()).launch(async move {
                let before = number.load(Relaxed);
                std::thread::yield_now(); // the others get their chance in between
                number.store(before + 1, Relaxed);
            });
        }
    });
    number.load(Relaxed)
}
