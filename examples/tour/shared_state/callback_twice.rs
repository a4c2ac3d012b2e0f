//! A callback that comes twice is awaited once: the second gets its value back.

use coscope::prelude::*;
use coscope::suspend_cancellable;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter = Chapter::new("callback-twice", "A callback that comes twice", run)
    .prints(&["refused: second", "awaited: first"]);

fn run() {
    stage::run(async |_: Scope| {
        let awaited = suspend_cancellable(|resumer| {
            for value in ["first", "second"] {
                if let Err(value) = resumer.resume(value) {
                    println!("refused: {value}");
                }
            }
        });
        println!("awaited: {}", awaited.await.expect("it was resumed"));
    });
}
