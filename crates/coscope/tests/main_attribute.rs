//! `#[coscope::main]`: what it makes of an `async fn`.
#![allow(missing_docs)]

use coscope::Scope;
use std::sync::atomic::{AtomicU32, Ordering};

static RUN: AtomicU32 = AtomicU32::new(0);

#[coscope::main]
async fn plain() {
    RUN.fetch_add(1, Ordering::Relaxed);
}

#[coscope::main]
async fn with_scope(s: Scope) {
    s.launch(async {
        RUN.fetch_add(10, Ordering::Relaxed);
    });
}

#[coscope::main]
async fn fallible(s: Scope<std::num::ParseIntError>) -> Result<(), std::num::ParseIntError> {
    let number: u32 = s.try_spawn(async { "100".parse::<u32>() }).await;
    RUN.fetch_add(number, Ordering::Relaxed);
    let _: u32 = "no number".parse()?;
    unreachable!("the line before fails");
}

#[test]
fn runs_the_body_and_waits_for_children() {
    plain();
    assert_eq!(RUN.load(Ordering::Relaxed), 1);
    with_scope();
    assert_eq!(RUN.load(Ordering::Relaxed), 11);
    assert_eq!(fallible().unwrap_err().to_string(), "invalid digit found in string");
    assert_eq!(RUN.load(Ordering::Relaxed), 111);
}
