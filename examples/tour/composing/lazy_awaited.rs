//! A lazy coroutine begins when somebody wants it. Awaited in turn, two of them run in turn.

use coscope::{now, prelude::*};

use super::useful::{useful_one, useful_two};
use crate::chapter::Chapter;
use crate::stage::{self, ms_since};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("lazy-awaited", "Lazy coroutines begin when they are awaited", run)
        .prints(&["The answer is 42", "Completed in {ms:2000} ms"]);

fn run() {
    stage::run(async |s: Scope| {
        let begin = now();
        let one = s.start(Start::Lazy).spawn(useful_one());
        let two = s.start(Start::Lazy).spawn(useful_two());
        println!("The answer is {}", one.await + two.await);
        println!("Completed in {} ms", ms_since(begin));
    });
}
