//! W8: ten thousand tasks that each block a thread for a second, all at once.

use std::time::Duration;

use crate::row::{Bar, Row};

/// How long each blocks.
pub(crate) const WAIT: Duration = Duration::from_secs(1);

/// How many threads there are at most.
pub(crate) const THREADS: usize = 10_000;

pub(crate) fn rows() -> Vec<Row> {
    let about = "10,000 tasks that block a thread for 1 s, on 10,000 threads";
    vec![Row::new("W8", about, THREADS).whole().bars(&[Bar::Best(0.95)]).abroad(&["kotlin"])]
}
