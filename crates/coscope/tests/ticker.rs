//! Tickers: exact instants, and what becomes of the ticks that nobody took in time.
#![allow(missing_docs)]

use std::time::Duration;

use coscope::actor::Produced;
use coscope::channel::Capacity;
use coscope::prelude::*;
use coscope::{Instant, now};
use coscope_test::run_test;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// When the next tick is due, and when it comes.
async fn next(ticks: &Produced<Instant>, begin: Instant) -> (u128, u128) {
    let due = ticks.recv().await.unwrap();
    ((due - begin).as_millis(), (now() - begin).as_millis())
}

#[test]
fn it_ticks_at_its_rate() {
    run_test(async |s: Scope| {
        let begin = now();
        let ticks = s.ticker(0, interval(ms(100)).initial_delay(ms(50)));
        for due in [50, 150, 250] {
            assert_eq!(next(&ticks, begin).await, (due, due));
        }
    });
}

#[test]
fn at_a_fixed_rate_missed_ticks_are_skipped_and_the_rate_is_kept() {
    run_test(async |s: Scope| {
        let begin = now();
        let ticks = s.ticker(0, interval(ms(100)));
        assert_eq!(next(&ticks, begin).await, (0, 0));
        delay(ms(350)).await;
        assert_eq!(next(&ticks, begin).await, (100, 350)); // it stood at the door
        assert_eq!(next(&ticks, begin).await, (200, 350)); // overdue by the time the last was taken
        assert_eq!(next(&ticks, begin).await, (400, 400)); // 300 was skipped
    });
}

#[test]
fn with_a_fixed_pause_the_next_comes_a_period_after_the_last_was_taken() {
    run_test(async |s: Scope| {
        let begin = now();
        let ticks = s.ticker(0, interval(ms(100)).fixed_delay());
        assert_eq!(next(&ticks, begin).await, (0, 0));
        assert_eq!(next(&ticks, begin).await.1, 100);
        delay(ms(20)).await;
        assert_eq!(next(&ticks, begin).await.1, 200);
    });
}

#[test]
fn a_conflated_one_keeps_the_latest() {
    run_test(async |s: Scope| {
        let begin = now();
        let ticks = s.ticker(Capacity::Conflated, interval(ms(100)));
        delay(ms(350)).await;
        assert_eq!(next(&ticks, begin).await, (300, 350));
        assert_eq!(next(&ticks, begin).await, (400, 400));
    });
}

#[test]
fn it_ends_with_who_receives() {
    run_test(async |s: Scope| {
        let ticks = s.ticker(0, interval(ms(100)));
        let job = ticks.job().clone();
        assert!(ticks.recv().await.is_ok());
        drop(ticks);
        job.join().await;
        assert!(s.children().is_empty());
    });
}
