//! A parent need not keep the jobs of its children nor join them: it is done when they are.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("parent-waits", "A parent waits for its children", run)
    .prints(&[
        "request: I'm done and I don't explicitly join my children that are still active",
        "Coroutine 0 is done",
        "Coroutine 1 is done",
        "Coroutine 2 is done",
        "Now processing of the request is complete",
    ]);

fn run() {
    stage::run(async |s: Scope| {
        let request = s.launch(scope(async |request: Scope| {
            for i in 0..3 {
                request.launch(async move {
                    delay(ms((i + 1) * 200)).await;
                    println!("Coroutine {i} is done");
                });
            }
            println!("request: I'm done and I don't explicitly join my children that are still active");
        }));
        request.join().await;
        println!("Now processing of the request is complete");
    });
}
