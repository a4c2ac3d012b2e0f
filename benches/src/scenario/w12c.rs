//! W12c: to a single thread of its own, and back.

use crate::row::{Bar, Row};

pub(crate) fn rows() -> Vec<Row> {
    let about = "`with_context` to a single-thread dispatcher and back; per round trip";
    vec![Row::new("W12c", about, 5_000).bars(&[Bar::Best(1.0)]).abroad(&["go", "kotlin"])]
}
