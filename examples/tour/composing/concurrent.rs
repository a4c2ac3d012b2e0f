//! Spawned, the two calls run at the same time, and take as long as one.

use coscope::{now, prelude::*};

use super::useful::{useful_one, useful_two};
use crate::chapter::Chapter;
use crate::stage::{self, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("concurrent", "Two calls at the same time", run)
    .prints(&["The answer is 42", "Completed in {ms:1000} ms"]);

fn run() {
    stage::run(async |s: Scope| {
        let begin = now();
        let one = s.spawn(useful_one());
        let two = s.spawn(useful_two());
        println!("The answer is {}", one.await + two.await);
        println!("Completed in {} ms", ms_since(begin));
    });
}
