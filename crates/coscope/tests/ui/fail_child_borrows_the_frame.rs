//! A child of a scope cannot borrow from the async frame around: the frame could be forgotten while it runs.
use coscope::prelude::*;

async fn length() -> usize {
    let text = String::from("in the frame");
    scope(async |s: Scope| s.spawn(async { text.len() }).await).await
}

fn main() {
    run_blocking(async |_: Scope| length().await);
}
