//! What a scope has launched or spawned, it waits for. What was begun outside of it, it knows nothing
//! of: the program has gone on to its end when that work is cut off.

use coscope::{detached, prelude::*, shutdown};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("bare-coroutines", "Tracked coroutines are waited for, bare ones are lost", run)
        .prints(&[
            "launch: Coroutine done",
            "spawn: Coroutine done",
            "The scope has ended",
            "The other scope has ended",
            "bare launch: Coroutine cancelled",
            "bare spawn: Coroutine cancelled",
        ])
        .in_real_time();

fn run() {
    stage::run(async |s: Scope| {
        s.launch(work("launch"));
        let _nobody_awaits = s.spawn(work("spawn"));
    });
    println!("The scope has ended");

    let own_thread = Dispatchers::single_thread("own");
    stage::run(async |_| {
        detached().on(own_thread.clone()).launch(work("bare launch"));
        let _nobody_awaits = detached().on(own_thread.clone()).spawn(work("bare spawn"));
        delay(ms(10)).await;
    });
    println!("The other scope has ended");
    run_blocking(async |_| shutdown(ms(0)).await);
}

async fn work(who: &'static str) {
    let cancelled = defer(async move { println!("{who}: Coroutine cancelled") });
    delay(ms(300)).await;
    drop(cancelled.disarm());
    println!("{who}: Coroutine done");
}
