//! W12d: a scope in which nothing is launched; a timeout that does not fire, around what is ready at once, or around
//! what suspends.

use std::hint::black_box;
use std::time::Duration;

use crate::row::{Bar, Row};

/// Long enough.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn rows() -> Vec<Row> {
    let n = 100_000;
    vec![
        Row::new("W12d-scope", "an empty scope", n).single().bars(&[Bar::Best(0.2)]).abroad(&["kotlin"]),
        Row::new("W12d-timeout", "a timeout that does not fire, around what is ready at once", n)
            .single()
            .bars(&[Bar::Best(0.5)])
            .abroad(&["kotlin"]),
        Row::new("W12d-armed", "a timeout that does not fire, around a `yield_now`", n)
            .single()
            .bars(&[Bar::Best(0.5)]),
    ]
}

/// What is inside: nothing, though no compiler may know it.
pub(crate) async fn nothing() -> usize {
    black_box(1)
}
