//! A child of `run_local` may borrow from the caller of `run_local`, not from the body.
use coscope::prelude::*;

fn main() {
    run_local(async |s: LocalScope| {
        let inner = String::from("in the body");
        s.launch(async { assert_eq!(inner.len(), 11) });
    });
}
