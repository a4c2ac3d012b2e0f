//! Calls that wait follow each other like any calls: the second begins when the first has its answer.

use coscope::now;

use super::useful::{useful_one, useful_two};
use crate::chapter::Chapter;
use crate::stage::{self, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("sequential", "One call after the other", run)
    .prints(&["The answer is 42", "Completed in {ms:2000} ms"]);

fn run() {
    stage::run(async |_| {
        let begin = now();
        let one = useful_one().await;
        let two = useful_two().await;
        println!("The answer is {}", one + two);
        println!("Completed in {} ms", ms_since(begin));
    });
}
