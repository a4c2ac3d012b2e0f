//! W3d: as W3c, with the mutex held while the others go first: all of them wait for it.

use super::w3c::{Counter, each};
use crate::row::{Bar, Row};
use crate::runtime::Runtime;
use crate::sample::Sample;

pub(crate) fn rows() -> Vec<Row> {
    let about = |place| {
        format!("1,000 coroutines × 100 increments, the mutex held over a yield, {place}; per increment")
    };
    let mut rows = vec![
        Row::new("W3d", &about("two workers"), 100_000).bars(&[Bar::Best(0.8)]),
        Row::new("W3d-local", &about("one thread"), 100_000).bars(&[Bar::Best(0.8)]).single(),
    ];
    for row in &mut rows {
        row.part = "communication";
        row.abroad = &["kotlin"];
    }
    rows
}

/// A yield while it is held.
pub(crate) async fn count<C: Counter, R: Runtime>(runtime: R, n: usize) -> Sample {
    each::<C, R, _>(runtime, n, || Some(R::yield_now())).await
}
