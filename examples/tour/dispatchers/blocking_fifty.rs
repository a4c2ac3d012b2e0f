//! Fifty coroutines block their threads for a second. The IO dispatcher lets all of them at once.

use std::thread::sleep;

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("blocking-fifty", "Fifty blocking calls at once on IO", run)
    .prints(&["Completed in {ms:1000} ms"])
    .in_real_time();

fn run() {
    let begin = now();
    stage::run(async |s: Scope| {
        for _ in 0..50 {
            s.on(Dispatchers::io()).launch(async { sleep(ms(1000)) });
        }
    });
    println!("Completed in {} ms", ms_since(begin));
}
