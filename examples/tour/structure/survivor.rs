//! A request is cancelled. Its child goes with it; what it has launched detached, on the same thread but
//! outside of its scope, does not.

use coscope::{current_context, detached, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("survivor", "A detached coroutine survives what launched it", run).prints(&[
        "job1: I have my own context and execute independently!",
        "job2: I am a child of the request coroutine",
        "job1: I am not affected by cancellation of the request",
        "main: Who has survived request cancellation?",
    ]);

fn run() {
    stage::run(async |s: Scope| {
        let request = s.launch(scope(async |request: Scope| {
            let job1 = detached().on(current_context()).launch(async {
                println!("job1: I have my own context and execute independently!");
                delay(ms(1000)).await;
                println!("job1: I am not affected by cancellation of the request");
            });
            let job2 = request.launch(async {
                println!("job2: I am a child of the request coroutine");
                delay(ms(1000)).await;
                println!("job2: I will not execute this line if my parent request is cancelled");
            });
            join_all([job1, job2]).await;
        }));
        delay(ms(500)).await;
        request.cancel("the client has gone");
        delay(ms(1000)).await;
        println!("main: Who has survived request cancellation?");
    });
}
