//! `#[coscope::test]`: what it makes of an `async fn`.
#![allow(missing_docs)] // tests

use coscope::*;
use coscope_test::TestScope;
use std::num::ParseIntError;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

#[coscope::test]
async fn in_virtual_time(t: TestScope) {
    delay(HOUR).await;
    assert_eq!(t.current_time(), HOUR);
}

#[coscope::test]
async fn without_a_scope() {
    delay(HOUR).await;
}

#[coscope::test]
async fn with_a_result(t: TestScope<ParseIntError>) -> Result<(), ParseIntError> {
    let number: u32 = t.try_spawn(async { "100".parse::<u32>() }).await;
    assert_eq!(number, "100".parse()?);
    Ok(())
}

#[coscope::test]
#[should_panic(expected = "as it should")]
async fn with_attributes_of_its_own() {
    panic!("as it should");
}

#[coscope::test(schedules = 20)]
async fn under_many_orders(t: TestScope) {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = t.spawn(async { RUNS.fetch_add(1, Ordering::Relaxed) }).await;
    assert!(run < 20);
}
