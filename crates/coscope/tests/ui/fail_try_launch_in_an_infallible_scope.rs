//! An infallible scope has no error to fail with.
use coscope::prelude::*;

fn main() {
    run_blocking(async |s: Scope| {
        s.try_launch(async { "13".parse::<i32>().map(drop) });
    });
}
