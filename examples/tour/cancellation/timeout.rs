//! A timeout is an error value like any other, which the caller sees, matches and prints.

use coscope::prelude::*;

use super::sleep_and_say;
use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("timeout", "A timeout is an error that the caller gets", run).prints(&[
        "I'm sleeping 0 ...",
        "I'm sleeping 1 ...",
        "I'm sleeping 2 ...",
        "Timed out waiting for 1300 ms",
    ]);

fn run() {
    stage::run(async |_| match with_timeout(ms(1300), sleep_and_say()).await {
        Ok(()) => println!("Slept well"),
        Err(error) => println!("{error}"),
    });
}
