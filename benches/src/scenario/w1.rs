//! W1a, W1b: start ten thousand coroutines that return a string, then await all.

use crate::row::{Bar, Row};
use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};

/// What each returns: a string, in a type that has no lifetime.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer(&'static str);

pub(crate) const ANSWER: Answer = Answer("I'm a robot");

impl Answer {
    /// Whether the string has come through.
    pub(crate) fn is_whole(self) -> bool {
        self.0.len() == ANSWER.0.len()
    }
}

pub(crate) fn rows() -> Vec<Row> {
    let two = "spawn a coroutine that returns a string, await it; the parent itself on one of two workers";
    let one = "spawn a coroutine that returns a string, await it; all on one thread";
    vec![
        Row::new("W1a", two, 10_000).bars(&[Bar::Best(0.8)]).abroad(&["go", "kotlin"]),
        Row::new("W1b", one, 10_000).single().bars(&[Bar::Best(0.8)]).abroad(&["kotlin"]),
    ]
}

/// All of them, by one parent.
pub(crate) async fn spawn_all<R: Runtime>(runtime: R, n: usize) -> Sample {
    let watch = Watch::start();
    let handles: Vec<_> = (0..n).map(|_| runtime.spawn(async { ANSWER })).collect();
    let mut done = 0;
    for handle in handles {
        done += usize::from(handle.await.is_whole());
    }
    watch.stop(done, n)
}
