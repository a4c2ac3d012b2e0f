//! A child of a `frame_scope` may borrow from the frame around, not from the body.
use coscope::{FrameScope, frame_scope};
use coscope::prelude::*;

fn main() {
    run_blocking(async |_: Scope| {
        frame_scope(async |s: FrameScope<'_>| {
            let inner = String::from("in the body");
            s.launch(async { assert_eq!(inner.len(), 11) });
        })
        .await
    });
}
