//! What must end: orders of cancel, drop and failure in which somebody could be left waiting for ever.
#![allow(missing_docs, clippy::disallowed_methods, clippy::type_complexity)] // tests catch what they provoke

use coscope::prelude::*;

#[test]
fn a_step_may_block_any_number_of_times() {
    run_blocking(async |_| {
        for n in 0..300 {
            assert_eq!(run_blocking(async move |_| n), n);
        }
    });
}
