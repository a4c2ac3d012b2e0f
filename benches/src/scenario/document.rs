//! The programs that documents of coroutines open with: what a deferred costs, a limit of one's own beside that of IO,
//! a hundred thousand tasks that block.

use std::time::Duration;

use crate::row::Row;

/// How many threads the blocked share.
pub(crate) const BLOCKED_THREADS: usize = 10_000;

/// How long each blocks.
pub(crate) const BLOCK: Duration = Duration::from_secs(1);

pub(crate) fn rows() -> Vec<Row> {
    let deferred = "10,000 results: spawn and await, launch and complete by hand, bare start; 100 points";
    let limit = "100 tasks block 1 s on IO and 100 on limited(100), at once: when the latter are done";
    let blocked = "100,000 tasks that block 1 s each, on 10,000 threads";
    let mut rows = vec![
        Row::new("S0", deferred, 10_000),
        Row::new("S1", limit, 100).whole(),
        Row::new("S2", blocked, 100_000).whole(),
    ];
    rows.iter_mut().for_each(|row| row.part = "documents");
    rows
}
