//! Coroutines are numbered as they are launched, so that a log line can say which one speaks.

use coscope::prelude::*;

use super::log;
use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("coroutine-labels", "Log lines that name their coroutine", run).prints(&[
        "[main @coroutine#2] I'm computing a piece of the answer",
        "[main @coroutine#3] I'm computing another piece of the answer",
        "[main @coroutine#1] The answer is 42",
    ]);

fn run() {
    stage::run(async |s: Scope| {
        let a = s.spawn(async {
            log("I'm computing a piece of the answer");
            6
        });
        let b = s.spawn(async {
            log("I'm computing another piece of the answer");
            7
        });
        let answer = a.await * b.await;
        log(format!("The answer is {answer}"));
    });
}
