//! The rows whose instructions are counted: one thread, so that the figures do not depend on the machine's mood.

use crate::row::{Bar, Row};

pub(crate) fn rows() -> Vec<Row> {
    let row = |id, about, n, work: Option<&'static str>, most| {
        let row = Row::new(id, about, n).single().bars(&[Bar::Instructions(most)]);
        let mut row = if let Some(work) = work { row.same_work_as(work) } else { row };
        row.series = Some("instructions".to_owned());
        row
    };
    vec![
        row("I-spawn", "spawn and await", 10_000, Some("W1b"), 650.0),
        row("I-detached", "detached spawn and a one-shot", 10_000, None, 900.0),
        row("I-inline", "in line with a completion cell", 10_000, None, 350.0),
        row("I-yield-2", "yield, two coroutines", 100_000, Some("W12a-2-local"), 300.0),
        row("I-yield-1000", "yield, a thousand coroutines", 100_000, Some("W12a-1000-local"), 300.0),
        row("I-spsc-0", "message, one to one, capacity 0", 100_000, None, 500.0),
        row("I-spsc-1", "message, one to one, capacity 1", 100_000, None, 400.0),
        row("I-spsc-64", "message, one to one, capacity 64", 100_000, None, 150.0),
    ]
}
