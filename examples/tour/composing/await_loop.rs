//! A loop around an operation that takes a second stays a loop, with its variable and its order.

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("await-loop", "Waiting inside a loop", run).prints(&[
    "doing something with 43",
    "doing something with 86",
    "doing something with 129",
    "Completed in {ms:3000} ms",
]);

fn run() {
    stage::run(async |_| {
        let begin = now();
        let mut input = 1;
        for _ in 0..3 {
            let answer = operation(input).await;
            println!("doing something with {answer}");
            input = answer + 1;
        }
        println!("Completed in {} ms", ms_since(begin));
    });
}

async fn operation(input: i32) -> i32 {
    delay(ms(1000)).await;
    input + 42
}
