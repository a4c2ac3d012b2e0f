//! W3e: a counter that an actor takes care of: a thousand coroutines tell it to add one, a thousand times each. Peers without actors have
//! a task with a channel.

use super::w4::Shape;
use crate::row::{Bar, Row};

/// How many coroutines tell it.
pub(crate) const COROUTINES: usize = 1_000;

const WORK: &[(&str, usize)] = &[("W3e-0", 0), ("W3e-1", 1), ("W3e-64", 64)];

pub(crate) fn rows() -> Vec<Row> {
    let row = |&(id, capacity): &(&'static str, usize)| {
        let about = format!(
            "1,000 coroutines × 1,000 increments told to an actor, capacity {capacity}; per increment"
        );
        let mut row = Row::new(id, &about, 1_000_000).bars(&[Bar::Best(0.9)]);
        row.part = "communication";
        row
    };
    WORK.iter().map(row).collect()
}

/// The capacity of the mailbox in the work of this name.
pub(crate) fn capacity(work: &str) -> Option<usize> {
    WORK.iter().find(|(id, _)| *id == work).map(|(_, capacity)| *capacity)
}

/// The work of this name as one of channels.
pub(crate) fn shape(work: &str) -> Option<Shape> {
    capacity(work).map(|kept| Shape::Pass { senders: COROUTINES, receivers: 1, capacity: Some(kept) })
}
