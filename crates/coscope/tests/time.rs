//! Time in odd measures. Hunts ticks and timers that come where none is due.
#![allow(missing_docs)] // tests

use ::core::prelude::v1::test; // and not that of coscope
use coscope::prelude::*;
use coscope::*;
use coscope_test::run_test;
use std::time::Duration;

#[test]
fn an_interval_skips_what_it_has_missed_however_short_its_period() {
    run_test(async |_| {
        let mut ticks = interval(Duration::from_nanos(1));
        ticks.tick().await;
        delay(Duration::from_secs(60)).await;
        ticks.tick().await; // the one that was missed first
        assert!(ticks.tick().await > now() - Duration::from_nanos(2));
    });
}

#[test]
fn waits_without_end_and_waits_that_are_over() {
    run_test(async |_| {
        let short = Duration::from_millis(5);
        assert_eq!(with_timeout(Duration::MAX, async { 1 }).await, Ok(1));
        assert!(with_timeout(short, delay(Duration::MAX)).await.is_err());
        assert!(with_timeout(short, delay(Duration::from_nanos(u64::MAX - 1))).await.is_err());
        assert!(with_timeout(short, delay_until(Instant::FAR_FUTURE)).await.is_err());
        assert!(with_deadline(Instant::ZERO, async {}).await.is_err());
        delay_until(Instant::ZERO).await;
        let mut ticks = interval(Duration::MAX);
        ticks.tick().await;
        assert!(with_timeout(short, ticks.tick()).await.is_err());
    });
}

#[test]
fn a_timeout_shows_one_deadline_before_and_after_it_has_suspended() {
    run_test(async |_| {
        let second = Duration::from_secs(1);
        let deadline = Some(now() + second);
        let seen = with_timeout(second, async {
            let before = effective_deadline();
            let child = scope(async |s: Scope| s.spawn(async { effective_deadline() }).await).await;
            delay(Duration::from_millis(300)).await;
            [before, child, effective_deadline()]
        });
        assert_eq!(seen.await, Ok([deadline; 3]));
    });
}
