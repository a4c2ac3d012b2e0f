//! Cancelling is a request. A loop that computes, never waits and never asks runs to its end, and
//! whoever joins it waits that long.

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("cancel-ignored", "A computation that does not hear of its cancellation", run)
        .prints(&[
            "I'm sleeping 0 ...",
            "I'm sleeping 1 ...",
            "I'm sleeping 2 ...",
            "main: I'm tired of waiting!",
            "I'm sleeping 3 ...",
            "I'm sleeping 4 ...",
            "main: Now I can quit.",
        ])
        .in_real_time()
        .alone();

fn run() {
    stage::run(async |s: Scope| {
        let job = s.on(Dispatchers::default()).launch(async {
            let mut next = now();
            let mut i = 0;
            while i < 5 {
                if now() >= next {
                    println!("I'm sleeping {i} ...");
                    i += 1;
                    next += ms(500);
                }
            }
        });
        delay(ms(1300)).await;
        println!("main: I'm tired of waiting!");
        job.cancel_and_join("tired of waiting").await;
        println!("main: Now I can quit.");
    });
}
