//! W10: a parent is cancelled, and with it a hundred thousand suspended coroutines: all its children, or a tree
//! with ten to each. It is over when the last has ended.

use std::ops::Range;

use crate::row::{Bar, Row};

/// How many children a coroutine of the tree has.
const FAN_OUT: usize = 10;

pub(crate) fn rows() -> Vec<Row> {
    let flat = "cancel 100,000 suspended coroutines through their parent until the last has ended; flat";
    let tree = "cancel 100,000 suspended coroutines through their parent until the last has ended; tree of fan-out 10";
    vec![
        Row::new("W10-flat", flat, 100_000).bars(&[Bar::Best(0.5)]),
        Row::new("W10-tree", tree, 100_000).bars(&[Bar::Best(0.5)]),
    ]
}

/// The children of the coroutine with this number in a tree of `n`, numbered level by level.
pub(crate) fn children(node: usize, n: usize) -> Range<usize> {
    let first = (node * FAN_OUT + 1).min(n);
    first..(first + FAN_OUT).min(n)
}
