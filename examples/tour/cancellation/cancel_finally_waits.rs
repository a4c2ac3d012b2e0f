//! Clean-up may itself wait: it is shielded, so that the cancel that caused it does not cut it short.

use coscope::{now, prelude::*};

use super::sleep_and_say;
use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("cancel-finally-waits", "Clean-up that takes a second is not cut short", run).prints(&[
        "I'm sleeping 0 ...",
        "I'm sleeping 1 ...",
        "I'm sleeping 2 ...",
        "main: I'm tired of waiting!",
        "I'm running finally",
        "And I've just delayed for 1 sec because I'm non-cancellable",
        "main: Now I can quit.",
        "The clean-up took {ms:1000} ms",
    ]);

fn run() {
    stage::run(async |s: Scope| {
        let job = s.launch(sleep_and_say().finally(async {
            println!("I'm running finally");
            delay(ms(1000)).await;
            println!("And I've just delayed for 1 sec because I'm non-cancellable");
        }));
        delay(ms(1300)).await;
        println!("main: I'm tired of waiting!");
        let begin = now();
        job.cancel_and_join("tired of waiting").await;
        println!("main: Now I can quit.");
        println!("The clean-up took {} ms", ms_since(begin));
    });
}
