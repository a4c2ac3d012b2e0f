//! W5: select over the channels of two or eight senders; the first of a thousand results.

use super::w4::{Link, start_senders};
use crate::row::{Bar, Row};
use crate::runtime::Runtime;

/// How many results there are at a time.
pub(crate) const RESULTS: usize = 1_000;

/// How many messages a channel keeps.
pub(crate) const KEPT: usize = 64;

pub(crate) fn rows() -> Vec<Row> {
    let over = |channels| format!("select over {channels} channels, each with a sender; per message");
    let mut rows = vec![
        Row::new("W5-2", &over(2), 200_000).bars(&[Bar::Best(0.8)]).abroad(&["go", "kotlin"]),
        Row::new("W5-8", &over(8), 200_000).bars(&[Bar::Best(0.8)]).abroad(&["go", "kotlin"]),
        Row::new("W5-first", "spawn 1,000, await the first of them; per coroutine", 100_000)
            .bars(&[Bar::Best(0.8)]),
    ];
    rows.iter_mut().for_each(|row| row.part = "communication");
    rows
}

/// The receivers of `N` channels, into which `n` messages are sent in all.
pub(crate) fn fed<L: Link, R: Runtime, const N: usize>(runtime: &R, n: usize) -> [L::Receiver; N] {
    [(); N].map(|()| {
        let (to, from) = L::open(Some(KEPT));
        start_senders::<L, R>(runtime, to, 1, n / N);
        from
    })
}
