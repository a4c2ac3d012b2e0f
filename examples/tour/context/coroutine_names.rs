//! A name says more than a number where a coroutine has a task of its own.

use coscope::{prelude::*, run_blocking_on};

use super::log;
use crate::chapter::Chapter;
use crate::stage::ms;

pub(crate) const CHAPTER: Chapter = Chapter::new("coroutine-names", "Coroutines with names", run)
    .prints(&[
        "[main @main#1] Started main coroutine",
        "[main @v1coroutine#2] Computing v1",
        "[main @v2coroutine#3] Computing v2",
        "[main @main#1] The answer for v1 / v2 = 252 / 6 = 42",
    ])
    .in_real_time();

fn run() {
    run_blocking_on(CoroutineName::new("main"), async |s: Scope| {
        log("Started main coroutine");
        let v1 = s.named("v1coroutine").spawn(async {
            log("Computing v1");
            delay(ms(500)).await;
            252
        });
        let v2 = s.named("v2coroutine").spawn(async {
            log("Computing v2");
            delay(ms(1000)).await;
            6
        });
        let (v1, v2) = (v1.await, v2.await);
        log(format!("The answer for v1 / v2 = {v1} / {v2} = {}", v1 / v2));
    });
}
