//! The yardstick of growth: memory without any work.

use super::{Make, Peer};
use crate::scenario::growth::{self, BOXES};

pub(super) const PEERS: &[Peer] = &[Peer { name: "Vec<Box<_>>", offer }];

fn offer(work: &str) -> Option<Make> {
    (work == BOXES).then_some(|_| Box::new(growth::boxes))
}
