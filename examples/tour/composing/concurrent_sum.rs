//! A function that opens its own scope does two things at once and hides it: its caller just awaits
//! it, and when it returns nothing of it is left running.

use coscope::{now, prelude::*};

use super::useful::{useful_one, useful_two};
use crate::chapter::Chapter;
use crate::stage::{self, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("concurrent-sum", "A function with a scope of its own", run)
    .prints(&["The answer is 42", "Completed in {ms:1000} ms"]);

fn run() {
    stage::run(async |_| {
        let begin = now();
        println!("The answer is {}", concurrent_sum().await);
        println!("Completed in {} ms", ms_since(begin));
    });
}

async fn concurrent_sum() -> i32 {
    scope(async |s: Scope| {
        let one = s.spawn(useful_one());
        let two = s.spawn(useful_two());
        one.await + two.await
    })
    .await
}
