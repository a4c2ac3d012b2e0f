//! Between launching work and awaiting it something else goes wrong. Detached work then goes on with
//! nobody to want its result; in a scope the very same error takes it along.

use coscope::{current_context, detached, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("leak-or-scope", "An error leaks detached work, a scope cancels it", run).prints(&[
        "detached: out of luck, and 1 coroutine left running",
        "detached: computed what nobody wants",
        "scoped: given up",
        "scoped: out of luck, and 0 coroutines left running",
    ]);

fn run() {
    stage::run(async |_| {
        let (error, work) = with_detached().await;
        let left = if work.is_completed() { "nothing" } else { "1 coroutine" };
        println!("detached: {error}, and {left} left running");
        work.join().await;

        let job = current_job();
        let error = with_scope().await.unwrap_err();
        println!("scoped: {error}, and {} coroutines left running", job.children().len());
    });
}

fn something_else() -> Result<(), &'static str> {
    Err("out of luck")
}

async fn with_detached() -> (&'static str, Job) {
    let answer = detached().on(current_context()).spawn(compute("detached"));
    let job = answer.job();
    match something_else() {
        Ok(()) => unreachable!("it always goes wrong; otherwise {} would be awaited", answer.await.is_ok()),
        Err(error) => (error, job),
    }
}

async fn with_scope() -> Result<i32, &'static str> {
    try_scope(async |s: Scope<&'static str>| {
        let answer = s.spawn(compute("scoped"));
        yield_now().await;
        something_else()?;
        Ok(answer.await)
    })
    .await
}

async fn compute(how: &'static str) -> i32 {
    let given_up = defer(async move { println!("{how}: given up") });
    delay(ms(1000)).await;
    drop(given_up.disarm());
    println!("{how}: computed what nobody wants");
    42
}
