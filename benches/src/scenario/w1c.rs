//! W1c: a start on the spot, of a coroutine that completes without suspending.

use crate::row::{Bar, Row};

pub(crate) fn rows() -> Vec<Row> {
    let about = "start a coroutine undispatched; it completes at once";
    vec![Row::new("W1c", about, 10_000).single().bars(&[Bar::Best(0.5)]).abroad(&["kotlin"])]
}
