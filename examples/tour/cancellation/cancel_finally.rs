//! What must happen at the end, cancelled or not, goes into `finally`; the join waits for that too.

use coscope::prelude::*;

use super::sleep_and_say;
use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("cancel-finally", "Clean-up runs when a coroutine is cancelled", run).prints(&[
        "I'm sleeping 0 ...",
        "I'm sleeping 1 ...",
        "I'm sleeping 2 ...",
        "main: I'm tired of waiting!",
        "I'm running finally",
        "main: Now I can quit.",
    ]);

fn run() {
    stage::run(async |s: Scope| {
        let job = s.launch(sleep_and_say().finally(async {
            println!("I'm running finally");
        }));
        delay(ms(1300)).await;
        println!("main: I'm tired of waiting!");
        job.cancel_and_join("tired of waiting").await;
        println!("main: Now I can quit.");
    });
}
