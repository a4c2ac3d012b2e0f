//! Tests that must fail, and what they say.
#![allow(missing_docs)] // tests

use std::sync::{Arc, Mutex};
use std::time::Duration;

use coscope_core::{CompletableDeferred, Job, Scope, cancelled, delay, unwind};
use coscope_scheduler::Dispatchers;
use coscope_test::{Test, TestScope, run_test};

/// What a failing test says.
fn failure(test: impl FnOnce()) -> String {
    coscope_scheduler::install();
    let panic = unwind::catch(test).expect_err("the test must fail");
    unwind::message(&*panic).to_owned()
}

#[test]
fn a_deadlock_is_reported_at_once_with_the_tree() {
    let text = failure(|| {
        run_test(async |s: Scope| {
            s.named("waits for ever").launch(std::future::pending());
            delay(Duration::from_secs(1)).await;
        });
    });
    assert!(text.starts_with("Deadlock: "), "{text}");
    assert!(text.contains("At 1s:"), "{text}");
    assert!(text.contains("waits for ever#") && text.contains("failing_tests.rs:"), "{text}");
}

#[test]
fn a_deadlock_is_seen_behind_a_coroutine_on_a_real_dispatcher() {
    let text = failure(|| {
        run_test(async |s: Scope| {
            s.on(Dispatchers::io()).named("away").launch(std::future::pending());
        });
    });
    assert!(text.contains("\"away#"), "{text}");
}

#[test]
fn the_tree_of_a_deadlock_says_where_each_coroutine_waits_and_since_when() {
    let begin = line!();
    let text = failure(|| {
        run_test(async |s: Scope| {
            s.named("parent").launch(async {
                delay(Duration::from_secs(2)).await;
                Job::new().join().await;
            });
            let never = CompletableDeferred::<u8>::new();
            s.named("child").launch(async move { _ = never.wait().await });
            delay(Duration::from_secs(5)).await;
        });
    });
    let waits = |name, time, what, line| {
        let wait = format!(" suspended {time} s in {what} at {}:{}:", file!(), begin + line);
        let found =
            text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} in\n{text}"));
        assert!(found.contains(&wait), "{wait} in\n{text}");
    };
    waits("\"parent#", "3.0", "join", 5);
    waits("\"child#", "5.0", "CompletableDeferred", 8);
    assert!(text.lines().nth(1).unwrap().contains(" suspended 0.0 s in children at "), "{text}");
}

#[test]
fn a_test_without_end_fails_when_its_real_time_is_over() {
    let text = failure(|| {
        Test::new().limit(Duration::from_millis(1)).run(async |t: TestScope| {
            t.background_scope().named("beats").launch(async {
                loop {
                    delay(Duration::from_secs(1)).await;
                }
            });
            cancelled().await;
        });
    });
    assert!(text.starts_with("1ms of real time have passed"), "{text}");
    assert!(text.contains("\"beats#"), "{text}");
}

#[test]
fn a_failure_that_nobody_takes_fails_the_test() {
    let text = failure(|| {
        Test::new().run(async |t: TestScope| {
            t.background_scope().launch(async { panic!("in the background") });
            t.run_current().await;
        });
    });
    assert!(text.contains("in the background"), "{text}");
}

#[test]
fn a_child_that_panics_fails_the_test_as_in_every_scope() {
    let text = failure(|| run_test(async |s: Scope| drop(s.launch(async { panic!("a child") }))));
    assert_eq!(text, "a child");
}

#[test]
fn a_seed_gives_its_order_again_and_seeds_differ() {
    coscope_scheduler::install();
    let order_of = |seed| {
        Test::new().seed(seed).run(async |t: TestScope| {
            let seen = Arc::new(Mutex::new(Vec::new()));
            for i in 0..8 {
                let seen = seen.clone();
                t.launch(async move { seen.lock().unwrap().push(i) });
            }
            t.run_current().await;
            seen.lock().unwrap().clone()
        })
    };
    assert_eq!(order_of(0), (0..8).collect::<Vec<_>>());
    assert_eq!(order_of(7), order_of(7));
    assert!((1..20).any(|seed| order_of(seed) != order_of(seed + 1)));
}

#[test]
fn an_order_that_fails_is_found() {
    let text = failure(|| {
        Test::new().run_schedules(100, async |t: TestScope| {
            let last = Arc::new(Mutex::new(0));
            for i in 1..=2 {
                let last = last.clone();
                t.launch(async move { *last.lock().unwrap() = i });
            }
            t.run_current().await;
            assert_eq!(*last.lock().unwrap(), 2, "an order that nobody promised");
        });
    });
    assert!(text.contains("an order that nobody promised"), "{text}");
}
