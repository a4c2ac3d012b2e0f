//! What a coroutine does is an ordinary `async fn`, which may wait like any other.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("extracted-function", "The body of a coroutine as a function", run)
        .prints(&["Hello,", "World!"]);

fn run() {
    stage::run(async |s: Scope| {
        let job = s.launch(greet_the_world());
        println!("Hello,");
        job.join().await;
    });
}

async fn greet_the_world() {
    delay(ms(1000)).await;
    println!("World!");
}
