//! Four ways to begin, and what each one hands back: a job for effects, a deferred value for a result,
//! a plain future for code that knows nothing of coroutines, and the value itself for a thread that waits.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("names-of-results", "What launch, spawn, scope and run_blocking give back", run).prints(&[
        "launch gives a Job: completed",
        "spawn gives a Deferred, and its await 42",
        "scope is a Future: polled by hand, it is Ready(42)",
        "run_blocking gives the value: 42",
    ]);

fn run() {
    let value: i32 = stage::run(async |s: Scope| {
        let job: Job = s.launch(async {});
        job.join().await;
        println!("launch gives a Job: {}", if job.is_completed() { "completed" } else { "?" });

        let deferred: Deferred<i32> = s.spawn(async { 42 });
        println!("spawn gives a Deferred, and its await {}", deferred.await);

        println!("scope is a Future: polled by hand, it is {:?}", poll_once(scope(async |_| 42)));
        42
    });
    println!("run_blocking gives the value: {value}");
}

/// What any executor does with a future.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
