//! A result that nobody awaits is probably a mistake: `launch` is for work without one.
#![deny(unused_must_use)]
use coscope::prelude::*;

fn main() {
    run_blocking(async |s: Scope| {
        s.spawn(async { 42 });
    });
}
