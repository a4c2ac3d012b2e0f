//! The programs that documents of coroutines open with: what a deferred costs, a limit of one's own beside that of IO,
//! a hundred thousand tasks that block.

use std::time::Duration;

use crate::row::{Bar, Pace, Row};

/// How many threads the blocked share.
pub(crate) const BLOCKED_THREADS: usize = 10_000;

/// How long each blocks.
pub(crate) const BLOCK: Duration = Duration::from_secs(1);

pub(crate) fn rows() -> Vec<Row> {
    let deferred = "10,000 results: spawn and await, launch and complete by hand, bare start; each of 100 points is \
                    the least, most and average of 20 runs";
    let limit = "100 tasks block 1 s on IO and 100 on limited(100), at once: when these are done, when those";
    let blocked = "100,000 tasks that block 1 s each, on 10,000 threads";
    let mut rows = vec![
        Row::new("S0", deferred, 10_000),
        Row::new("S1", limit, 100).whole().bars(&[Bar::Most(1_082.0), Bar::Peer("coscope IO", 0.53)]),
        Row::new("S2", blocked, 100_000).whole(),
    ];
    rows[0].pace = Pace::Points(20);
    rows[2].rounds = 2; // ten seconds each
    rows.iter_mut().for_each(|row| row.part = "documents");
    rows
}
