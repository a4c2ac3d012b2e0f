//! The unconfined dispatcher across three threads: one begins, another gives the value that the
//! coroutine waits for and so has to run what comes next, and after a delay it is the turn of the one
//! that keeps the time: a thread of the pool.

use std::thread::Builder;

use coscope::{CompletableDeferred, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{ms, thread};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("unconfined-resumed", "Whoever resumes an unconfined coroutine runs it", run)
        .prints(&["Thread1", "Thread2", "{worker}"])
        .in_real_time();

fn run() {
    let signal = CompletableDeferred::new();
    let signalled = signal.clone();
    let first = Builder::new().name("Thread1".to_owned()).spawn(move || {
        coscope::run_blocking_on(Dispatchers::unconfined(), async |_| {
            println!("{}", thread());
            signalled.wait().await.unwrap();
            println!("{}", thread());
            delay(ms(200)).await;
            println!("{}", thread());
        });
    });
    let second = Builder::new().name("Thread2".to_owned()).spawn(move || {
        std::thread::sleep(ms(200));
        signal.complete(()).unwrap();
    });
    second.unwrap().join().unwrap();
    first.unwrap().join().unwrap();
}
