//! Tests that must fail, and what they say.
#![allow(missing_docs)] // tests

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coscope_core::{CompletableDeferred, Finally, Job, Scope, cancelled, delay, unwind};
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
        let wait = format!(" suspended {time} s in {what} at {}:{}, launched at ", file!(), begin + line);
        let found =
            text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} in\n{text}"));
        assert!(found.contains(&wait), "{wait} in\n{text}");
    };
    waits("\"parent#", "3.0", "join", 5);
    waits("\"child#", "5.0", "CompletableDeferred", 8);
    assert!(text.lines().nth(1).unwrap().contains(" suspended 0 ms in children at "), "{text}");
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

/// Runs this test alone in another process, where the variable is set, and gives what that says on standard error. Its
/// input ends when it has said `word`.
fn in_another_process(test: &str, word: &str) -> String {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take();
    let mut text = String::new();
    for line in BufReader::new(process.stderr.take().unwrap()).lines() {
        text = text + &line.unwrap() + "\n";
        if text.contains(word) {
            input = None;
        }
    }
    drop(input);
    process.wait().unwrap();
    text
}

const CHILD: &str = "COSCOPE_TEST_CHILD";

#[test]
fn a_panic_shows_what_ran_at_that_moment() {
    if std::env::var_os(CHILD).is_none() {
        let text = in_another_process("a_panic_shows_what_ran_at_that_moment", "\"culprit#");
        let (_, tree) = text.split_once("coscope-test: what ran in the test at this panic:\n").expect(&text);
        let lines: Vec<&str> = tree.lines().take(5).map(str::trim_start).collect();
        assert!(lines[0].starts_with("\"coroutine#1\" suspended"), "{text}");
        assert!(lines[1].starts_with("scope open"), "{text}");
        assert!(lines[3].starts_with("\"bystander#2\" suspended 2.0 s in delay at "), "{text}");
        assert!(lines[4].starts_with("\"culprit#3\" running"), "{text}");
        assert_eq!(text.matches("what ran in the test").count(), 1, "{text}");
        return;
    }
    coscope_scheduler::install();
    run_test(async |s: Scope| {
        s.named("bystander").launch(delay(Duration::from_secs(3)));
        s.named("culprit").launch(async {
            delay(Duration::from_secs(2)).await;
            panic!("at two seconds");
        });
        delay(Duration::from_secs(9)).await;
    });
}

#[test]
fn a_step_that_lasts_is_named_while_it_lasts() {
    if std::env::var_os(CHILD).is_none() {
        let text = in_another_process("a_step_that_lasts_is_named_while_it_lasts", "\"hog#");
        assert!(text.contains("a step has lasted for more than 10ms"), "{text}");
        assert!(
            text.contains("\n  \"hog#3\" running, launched at crates/coscope-test/tests/failing_tests.rs:"),
            "{text}"
        );
        return;
    }
    coscope_scheduler::install();
    Test::new().step_limit(Duration::from_millis(10)).run(async |t: TestScope| {
        t.named("hog").launch(async {
            let _until_it_is_told_of = std::io::stdin().read(&mut [0]);
        });
    });
}

#[test]
fn a_clean_up_that_is_too_slow_is_shown_with_what_runs() {
    if std::env::var_os(CHILD).is_none() {
        let text = in_another_process("a_clean_up_that_is_too_slow_is_shown_with_what_runs", "\n  ");
        assert!(
            text.contains(
                "was dropped: it took longer than its deadline of 30s. What ran then:\n\"patient#2\" "
            ),
            "{text}"
        );
        assert!(text.contains("\n  \"finalizer#"), "{text}");
        return;
    }
    coscope_scheduler::install();
    run_test(async |s: Scope| {
        let job = s
            .named("patient")
            .launch(delay(Duration::from_secs(3600)).finally(delay(Duration::from_secs(60))));
        delay(Duration::from_secs(1)).await;
        job.cancel_and_join("enough").await;
    });
}
