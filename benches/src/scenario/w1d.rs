//! W1d: the price of structure. The same futures as in W1b, awaited in line, each in a box that
//! becomes a box of its result.

use std::hint::black_box;

use futures::future::maybe_done;

use super::w1::{ANSWER, Answer};
use crate::row::{Bar, Row};
use crate::sample::{Sample, Watch};

pub(crate) fn rows() -> Vec<Row> {
    let about =
        "the price of structure: W1b against the same futures awaited in line with a boxed result cell";
    vec![Row::new("W1d", about, 10_000).single().bars(&[Bar::Peer("futures", 2.0)]).abroad(&["kotlin"])]
}

/// All of them, in line.
pub(crate) async fn in_line(n: usize) -> Sample {
    let watch = Watch::start();
    let futures: Vec<_> = (0..n).map(|_| Box::pin(maybe_done(async { black_box(ANSWER) }))).collect();
    let mut done = 0;
    for mut future in futures {
        future.as_mut().await;
        done += usize::from(future.as_mut().take_output().is_some_and(Answer::is_whole));
    }
    watch.stop(done, n)
}
