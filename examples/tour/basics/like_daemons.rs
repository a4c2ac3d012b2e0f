//! A detached coroutine belongs to no scope: nobody waits for it, and it does not keep the process
//! alive. This one would speak a thousand times; main leaves after the third.

use coscope::{current_context, detached, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("like-daemons", "A detached coroutine dies with the process", run).prints(&[
        "I'm sleeping 0 ...",
        "I'm sleeping 1 ...",
        "I'm sleeping 2 ...",
    ]);

fn run() {
    stage::run(async |_| {
        detached().on(current_context()).launch(async {
            for i in 0..1000 {
                println!("I'm sleeping {i} ...");
                delay(ms(500)).await;
            }
        });
        delay(ms(1300)).await;
    });
}
