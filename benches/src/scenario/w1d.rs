//! W1d: the price of structure. The same futures as in W1b, awaited in line, each result in a box of its own.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;

use super::w1::{ANSWER, Answer};
use crate::row::{Bar, Row};
use crate::sample::{Sample, Watch};

pub(crate) fn rows() -> Vec<Row> {
    let about =
        "the price of structure: W1b against the same futures awaited in line with a boxed result cell";
    vec![Row::new("W1d", about, 10_000).single().bars(&[Bar::Peer("futures", 2.0)])]
}

/// A future on the heap, and a cell for its result.
type Bare = (Pin<Box<dyn Future<Output = Answer>>>, Box<Option<Answer>>);

/// All of them, in line.
pub(crate) async fn in_line(n: usize) -> Sample {
    let watch = Watch::start();
    let futures: Vec<Bare> = (0..n)
        .map(|_| (Box::pin(async { black_box(ANSWER) }) as Pin<Box<dyn Future<Output = _>>>, Box::new(None)))
        .collect();
    let mut done = 0;
    for (future, mut cell) in futures {
        *cell = Some(future.await);
        done += usize::from(black_box(cell).is_some_and(|answer| answer.is_whole()));
    }
    watch.stop(done, n)
}
