//! W12b: from the dispatcher for work to the one for what blocks, and back.

use crate::row::{Bar, Row};

pub(crate) fn rows() -> Vec<Row> {
    let about = "`with_context` Default → IO → Default; per round trip";
    vec![
        Row::new("W12b", about, 20_000)
            .bars(&[Bar::Most(60.0), Bar::Peer("kotlin", 0.1)])
            .abroad(&["kotlin"]),
    ]
}
