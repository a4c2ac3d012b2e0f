//! Where only the value matters, `ok()` makes an `Option` of the result: nothing, if time ran out.

use coscope::prelude::*;

use super::sleep_and_say;
use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("timeout-or-nothing", "A timeout as the absence of a value", run).prints(&[
        "I'm sleeping 0 ...",
        "I'm sleeping 1 ...",
        "I'm sleeping 2 ...",
        "Result is null",
    ]);

fn run() {
    stage::run(async |_| {
        let result: Option<&str> = with_timeout(ms(1300), async {
            sleep_and_say().await;
            "Done"
        })
        .await
        .ok();
        println!("Result is {}", result.unwrap_or("null"));
    });
}
