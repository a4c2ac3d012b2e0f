//! The first coroutine: it waits a second without blocking anybody, so main is the first to speak.
//! Main needs no sleep at its end: the scope ends with the last of its coroutines.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("hello", "A coroutine waits while main goes on", run).prints(&["Hello,", "World!"]);

fn run() {
    stage::run(async |s: Scope| {
        s.launch(async {
            delay(ms(1000)).await;
            println!("World!");
        });
        println!("Hello,");
    });
}
