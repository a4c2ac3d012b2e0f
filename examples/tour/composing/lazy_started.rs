//! Lazy coroutines can be started by hand, both before either is awaited, and then run at the same time.

use coscope::{now, prelude::*};

use super::useful::{useful_one, useful_two};
use crate::chapter::Chapter;
use crate::stage::{self, ms_since};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("lazy-started", "Lazy coroutines begin when they are started", run)
        .prints(&["The answer is 42", "Completed in {ms:1000} ms"]);

fn run() {
    stage::run(async |s: Scope| {
        let begin = now();
        let one = s.start(Start::Lazy).spawn(useful_one());
        let two = s.start(Start::Lazy).spawn(useful_two());
        one.start();
        two.start();
        println!("The answer is {}", one.await + two.await);
        println!("Completed in {} ms", ms_since(begin));
    });
}
