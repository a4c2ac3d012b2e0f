//! A job can be cancelled: the coroutine is dropped where it waits, and main goes on when it is gone.

use coscope::prelude::*;

use super::sleep_and_say;
use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("cancel", "Cancelling a coroutine that waits", run).prints(&[
        "I'm sleeping 0 ...",
        "I'm sleeping 1 ...",
        "I'm sleeping 2 ...",
        "main: I'm tired of waiting!",
        "main: Now I can quit.",
    ]);

fn run() {
    stage::run(async |s: Scope| {
        let job = s.launch(sleep_and_say());
        delay(ms(1300)).await;
        println!("main: I'm tired of waiting!");
        job.cancel("tired of waiting");
        job.join().await;
        println!("main: Now I can quit.");
    });
}
