//! A child of a scope may run on any thread.
use coscope::prelude::*;
use std::rc::Rc;

fn main() {
    run_blocking(async |s: Scope| {
        let shared = Rc::new(1);
        s.launch(async move {
            yield_now().await;
            drop(shared);
        });
    });
}
