//! `with_context` moves a coroutine to another thread and back. It remains the same coroutine.

use coscope::{prelude::*, run_blocking_on};

use super::log;
use crate::chapter::Chapter;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("switch-threads", "One coroutine, from thread to thread", run)
        .prints(&[
            "[Ctx1 @coroutine#1] Started in ctx1",
            "[Ctx2 @coroutine#1] Working in ctx2",
            "[Ctx1 @coroutine#1] Back to ctx1",
        ])
        .in_real_time();

fn run() {
    let first = Dispatchers::single_thread("Ctx1");
    let second = Dispatchers::single_thread("Ctx2");
    run_blocking_on(first, async |_| {
        log("Started in ctx1");
        with_context(second, async { log("Working in ctx2") }).await;
        log("Back to ctx1");
    });
}
