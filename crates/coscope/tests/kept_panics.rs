//! Panics and failures that have to wait, and what becomes of them if whoever would have taken them is
//! dropped meanwhile: none is lost, and none goes up before what it left behind has ended.
#![allow(missing_docs)]

use std::future::Future;
use std::panic::panic_any;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::core::prelude::v1::test; // and not that of coscope
use coscope::prelude::*;
use coscope::*;
use coscope_test::run_test;
use futures::future::{FutureExt, poll_immediate};

type Heard = Arc<Mutex<Vec<String>>>;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A handler that writes down what it hears.
fn handler(heard: &Heard) -> FailureHandler {
    let heard = heard.clone();
    FailureHandler::new(move |failure| {
        let late = if failure.is_suppressed() { "suppressed " } else { "" };
        heard.lock().unwrap().push(format!("{late}{}", failure.message()));
    })
}

/// Polls once, and drops what has not ended.
async fn begin_and_drop(future: impl Future + Send) {
    assert!(poll_immediate(Box::pin(future)).await.is_none(), "it ended at once");
}

/// Runs `body` where failures are written down.
fn heard_in<F: Future<Output = ()> + Send>(body: impl FnOnce() -> F + Send) -> Vec<String> {
    let heard: Heard = Arc::default();
    let handler = handler(&heard);
    run_test(async move |_: Scope| with_context(handler, body()).await);
    Arc::into_inner(heard).unwrap().into_inner().unwrap()
}

#[test]
fn the_panic_of_a_body_whose_clean_up_is_dropped_reaches_the_handler() {
    let heard = heard_in(async || {
        begin_and_drop(async { panic_any("of the body") }.finally(delay(ms(10)))).await;
    });
    assert_eq!(heard, ["suppressed of the body"]);
}

#[test]
fn the_panic_of_a_use_whose_release_is_dropped_reaches_the_handler() {
    let heard = heard_in(async || {
        begin_and_drop(bracket(async { 7 }, async |_: &mut i32| panic_any("of the use"), |_| delay(ms(10))))
            .await;
    });
    assert_eq!(heard, ["suppressed of the use"]);
}

#[test]
fn the_panic_of_a_loser_in_its_shield_reaches_the_handler() {
    let heard = heard_in(async || {
        let loser = async {
            shield(async {
                delay(ms(20)).await;
                panic_any("of the loser")
            })
            .await
        };
        let winner = delay(ms(10));
        race([winner.boxed(), loser.boxed()]).await;
        assert_eq!(now(), Instant::from_nanos(1) + ms(20), "the race has waited for the shield");
    });
    assert_eq!(heard, ["suppressed of the loser"]);
}

#[test]
fn what_a_collector_has_gathered_reaches_the_handler_if_its_body_panics() {
    let heard = heard_in(async || {
        let ended = std::panic::AssertUnwindSafe(collect_scope(async |s: Collector<String>| {
            s.try_launch(async { Err("gathered".to_owned()) }).join().await;
            panic_any("of the body")
        }))
        .catch_unwind()
        .await;
        assert_eq!(*ended.unwrap_err().downcast::<&str>().unwrap(), "of the body");
    });
    assert_eq!(heard, ["suppressed alloc::string::String"]);
}

#[test]
fn a_failure_that_comes_after_its_collector_was_dropped_reaches_the_handler() {
    let heard = heard_in(async || {
        let mut collecting = Box::pin(collect_scope(async |s: Collector<String>| {
            s.launch(async {
                let panics = async {
                    delay(ms(10)).await;
                    panic_any("late")
                };
                shield(panics).await
            });
            delay(Duration::MAX).await;
        }));
        assert!(poll_immediate(&mut collecting).await.is_none());
        yield_now().await; // the child reaches its shield
        drop(collecting);
        delay(ms(20)).await;
    });
    assert_eq!(heard, ["suppressed late"]);
}

/// Opens a child that only a shield keeps alive, and panics.
async fn leave_something_behind() {
    let mut inside = Box::pin(scope(async |s: Scope| {
        s.launch(async { shield(delay(ms(50))).await });
        delay(Duration::MAX).await;
    }));
    assert!(poll_immediate(&mut inside).await.is_none());
    yield_now().await; // the child reaches its shield
    panic_any("with something left behind")
}

#[test]
fn regions_join_before_a_panic_goes_up() {
    run_test(async |_: Scope| {
        let began = now();
        let ended = std::panic::AssertUnwindSafe(shield(leave_something_behind())).catch_unwind().await;
        assert!(ended.is_err());
        assert_eq!(now() - began, ms(50), "shield");

        let began = now();
        let timeout = with_timeout(ms(1000), leave_something_behind());
        let ended = std::panic::AssertUnwindSafe(timeout).catch_unwind().await;
        assert!(ended.is_err());
        assert_eq!(now() - began, ms(50), "with_timeout");

        let began = now();
        let ended = std::panic::AssertUnwindSafe(race([leave_something_behind()])).catch_unwind().await;
        assert!(ended.is_err());
        assert_eq!(now() - began, ms(50), "race");
    });
}
