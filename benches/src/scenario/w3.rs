//! W3a, W3b: a counter without a lock, of which a confined dispatcher takes care: a thousand coroutines add to it a
//! thousand times each, going there for each addition, or living there.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::row::{Bar, Row};

/// How often each coroutine adds.
pub(crate) const TIMES: usize = 1_000;

pub(crate) fn rows() -> Vec<Row> {
    let fine = "1,000 coroutines × 1,000 increments, each on a confined dispatcher and back; per increment";
    let coarse = "1,000 coroutines × 1,000 increments, all on a confined dispatcher; per increment";
    vec![
        Row::new("W3a", fine, 1_000_000).bars(&[Bar::Best(0.4)]).abroad(&["kotlin"]),
        Row::new("W3b", coarse, 1_000_000).bars(&[Bar::Best(1.0)]).abroad(&["kotlin"]),
    ]
}

/// A number that loses additions unless it is confined.
#[derive(Debug)]
pub(crate) struct Confined(AtomicUsize);

impl Confined {
    /// At nought. It lives as long as the process.
    pub(crate) fn leaked() -> &'static Confined {
        Box::leak(Box::new(Confined(AtomicUsize::new(0))))
    }

    /// Two steps, between which another thread could come.
    pub(crate) fn increment(&self) {
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
