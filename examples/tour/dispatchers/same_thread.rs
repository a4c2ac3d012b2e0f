//! The default and the IO dispatcher share their threads. Going from one to the other for a blocking
//! call, a coroutine stays on its thread; what changes is whose limit it counts towards.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, thread};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("same-thread", "From default to IO without a change of thread", run)
        .prints(&["before, inside and after: the same thread, {worker}", "1000 times of 1000"])
        .in_real_time();

fn run() {
    stage::run(async |s: Scope| {
        let job = s.on(Dispatchers::default()).launch(async {
            let before = thread();
            let inside = with_context(Dispatchers::io(), async { thread() }).await;
            let same =
                if before == inside && inside == thread() { "the same thread" } else { "other threads" };
            println!("before, inside and after: {same}, {inside}");

            let mut times = 0;
            for _ in 0..1000 {
                let before = thread();
                times += usize::from(with_context(Dispatchers::io(), async { thread() }).await == before);
            }
            println!("{times} times of 1000");
        });
        job.join().await;
    });
}
