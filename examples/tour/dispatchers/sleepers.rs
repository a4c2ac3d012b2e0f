//! What a wait costs. A hundred thousand coroutines that suspend for a second take a little more than
//! that; blocking is another matter: with a thread for each, or 64 at a time.
//!
//! The blocking ones are a hundredth of that, for a twentieth of a second each.

use std::thread::sleep;

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("sleepers", "A hundred thousand that wait", run)
    .prints(&[
        "100000 suspend for 1000 ms: {ms:1000}",
        "1000 block for 50 ms, all at once: {ms:50*1000/1000}",
        "1000 block for 50 ms on IO: {ms:50*1000/io}",
    ])
    .in_real_time()
    .alone();

fn run() {
    let begin = now();
    stage::run(async |s: Scope| {
        for _ in 0..100_000 {
            s.on(Dispatchers::default()).launch(delay(ms(1000)));
        }
    });
    println!("100000 suspend for 1000 ms: {}", ms_since(begin));
    println!("1000 block for 50 ms, all at once: {}", block_on(Dispatchers::limited(1000)));
    println!("1000 block for 50 ms on IO: {}", block_on(Dispatchers::io()));
}

fn block_on(dispatcher: Dispatcher) -> u128 {
    let begin = now();
    stage::run(async |s: Scope| {
        for _ in 0..1000 {
            s.on(dispatcher.clone()).launch(async { sleep(ms(50)) });
        }
    });
    ms_since(begin)
}
