//! Coroutines are cheap: a hundred thousand of them sleep at the same time on one thread, and each
//! prints a dot when it wakes.

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("hundred-thousand", "A hundred thousand coroutines sleep at once", run)
        .prints(&["{100000 x .}", "Completed in {ms:1000} ms"])
        .alone();

fn run() {
    stage::run(async |s: Scope| {
        let begin = now();
        let jobs: Vec<Job> = (0..100_000)
            .map(|_| {
                s.launch(async {
                    delay(ms(1000)).await;
                    print!(".");
                })
            })
            .collect();
        join_all(jobs).await;
        println!();
        println!("Completed in {} ms", ms_since(begin));
    });
}
