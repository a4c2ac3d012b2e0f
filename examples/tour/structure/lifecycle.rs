//! An object that is no coroutine, a window for instance, holds a job for as long as it lives. Whatever
//! was launched below that job ends with one call.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("lifecycle", "Ten coroutines end with the job above them", run).prints(&[
        "Launched 10 coroutines",
        "Coroutine 0 is done",
        "Coroutine 1 is done",
        "Cancelling the job!",
    ]);

fn run() {
    stage::run(async |_| {
        let job = Job::new();
        let coroutines = job.scope();
        for i in 0..10 {
            coroutines.launch(async move {
                delay(ms((i + 1) * 200)).await;
                println!("Coroutine {i} is done");
            });
        }
        println!("Launched {} coroutines", job.children().len());
        delay(ms(500)).await;
        println!("Cancelling the job!");
        job.cancel_and_join("the window is closed").await;
        assert!(job.children().is_empty());
    });
}
