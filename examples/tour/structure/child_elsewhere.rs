//! A child on another dispatcher is a child all the same: it is cancelled with its parent.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("child-elsewhere", "A child on another dispatcher is cancelled too", run).prints(&[
        "job: I am a child of the request coroutine, but with a different dispatcher",
        "main: Who has survived request cancellation?",
    ]);

fn run() {
    stage::run(async |s: Scope| {
        let request = s.launch(scope(async |request: Scope| {
            let job = request.on(Dispatchers::default()).launch(async {
                println!("job: I am a child of the request coroutine, but with a different dispatcher");
                delay(ms(1000)).await;
                println!("job: I will not execute this line if my parent request is cancelled");
            });
            job.join().await;
        }));
        delay(ms(500)).await;
        request.cancel("the client has gone");
        delay(ms(1000)).await;
        println!("main: Who has survived request cancellation?");
    });
}
