//! What is neither a clause nor a future.
use coscope::prelude::*;
use coscope::select;

fn main() {
    run_blocking(async |_: Scope| {
        let number = 42;
        select! {
            got = number => drop(got),
        }
    });
}
