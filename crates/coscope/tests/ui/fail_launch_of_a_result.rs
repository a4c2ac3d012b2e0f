//! A `Result` cannot be thrown away by `launch`.
use coscope::prelude::*;

fn main() {
    run_blocking(async |s: Scope| {
        s.launch(async { "13".parse::<i32>() });
    });
}
