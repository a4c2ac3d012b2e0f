//! `launch` hands out a job: whoever holds it can wait for just this coroutine.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("wait-for-job", "Waiting for one coroutine by its job", run).prints(&["Hello,", "World!"]);

fn run() {
    stage::run(async |s: Scope| {
        let job = s.launch(async {
            delay(ms(1000)).await;
            println!("World!");
        });
        println!("Hello,");
        job.join().await;
        assert!(job.is_completed());
    });
}
