//! Which spans are opened, entered, left and closed, and where events belong: exact lists.

mod capture;

use std::sync::Mutex;

use capture::{Capture, Fields};
use coscope::prelude::*;
use coscope::probe;
use coscope_tracing::TracingProbe;
use tracing::Level;
use tracing::subscriber::with_default;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

/// A probe hears of all coroutines of the process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// What a subscriber of this thread has seen while `f` ran.
fn captured(tracing: TracingProbe, f: impl FnOnce(&Capture)) -> (Vec<String>, Vec<Fields>) {
    let _alone = ALONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let capture = Capture::default();
    with_default(registry().with(LevelFilter::DEBUG).with(capture.clone()), || {
        let _tracing = probe::install(tracing);
        f(&capture);
    });
    let mut book = capture.0.lock().unwrap();
    (std::mem::take(&mut book.lines), std::mem::take(&mut book.closed))
}

#[test]
fn a_span_is_opened_where_its_parent_is_on_a_thread_with_another_subscriber_too() {
    let (lines, _) = captured(TracingProbe::new(), |_| {
        run_blocking(async |s: Scope| {
            let away = s.on(Dispatchers::default()).named("+a").spawn(async {
                // the pool's thread has no subscriber, and then one that knows none of these spans
                let other = Capture::default();
                scope(async |s: Scope| {
                    s.named("+b").launch(async {});
                    with_default(registry().with(other.clone()), || s.named("+c").launch(async {}));
                })
                .await;
                other.take()
            });
            assert_eq!(away.await, Vec::<String>::new());
        });
    });
    let opened: Vec<&String> = lines.iter().filter(|line| line.starts_with("open ")).collect();
    assert_eq!(opened, ["open +a", "open +b in +a", "open +c in +a"]);
}

#[test]
fn a_span_is_entered_for_each_step_and_closed_with_the_outcome() {
    let (lines, closed) = captured(TracingProbe::new(), |_| {
        run_blocking(async |s: Scope| {
            let job = s.named("+a").launch(async {
                tracing::info!("first");
                yield_now().await;
                tracing::info!("second");
            });
            assert_eq!(job.launched_at().line(), line!() - 5);
            tracing::info!("outside");
        });
    });
    let life = [
        "open +a",
        "enter +a",
        "first in +a",
        "exit +a",
        "enter +a",
        "second in +a",
        "exit +a",
        "close +a: value",
    ];
    assert_eq!(lines, life);
    let [fields] = &closed[..] else { panic!("one span") };
    assert_eq!(fields.get("name"), "+a");
    assert_eq!(fields.get("outcome"), "value");
    assert!(fields.get("id").parse::<u64>().unwrap() > fields.get("parent").parse::<u64>().unwrap());
    let (file, line) = fields.get("launched_at").rsplit_once(':').unwrap();
    assert!(file.ends_with("tests/spans.rs") && line.parse::<u32>().is_ok(), "{file}:{line}");
}

#[test]
fn spans_hang_below_those_of_the_parents_and_steps_inside_of_steps_are_left_in_order() {
    let (lines, closed) = captured(TracingProbe::new(), |_| {
        run_blocking(async |s: Scope| {
            s.named("+a").launch(async {
                scope(async |s: Scope| {
                    s.named("+b").start(Start::Undispatched).launch(async {
                        tracing::info!("inside");
                        yield_now().await;
                    });
                    tracing::info!("back");
                })
                .await;
            });
        });
    });
    let lives = [
        "open +a",
        "enter +a",
        "open +b in +a",
        "enter +b",
        "inside in +b",
        "exit +b",
        "back in +a",
        "exit +a",
        "enter +b",
        "exit +b",
        "close +b: value",
        "enter +a",
        "exit +a",
        "close +a: value",
    ];
    assert_eq!(lines, lives);
    assert_eq!(closed[0].get("parent"), closed[1].get("id"));
}

#[test]
fn outcomes_are_recorded() {
    let (_, closed) = captured(TracingProbe::new(), |_| {
        run_blocking(async |_| {
            supervisor_scope(async |s: Supervisor| {
                s.named("+panics").spawn(async { panic!("on purpose") }).await.unwrap_err();
                s.named("+fails").try_spawn(async { Err::<(), _>("no") }).await.unwrap_err();
                let cut = s.named("+cut").spawn(std::future::pending::<()>());
                cut.cancel("enough");
                cut.await.unwrap_err();
            })
            .await;
        });
    });
    let outcomes: Vec<_> =
        closed.iter().map(|fields| format!("{}: {}", fields.get("name"), fields.get("outcome"))).collect();
    assert_eq!(outcomes, ["+panics: panicked", "+fails: failed", "+cut: cancelled"]);
}

#[test]
fn what_is_dropped_by_a_cancel_is_dropped_inside_of_the_span() {
    struct Says;
    impl Drop for Says {
        fn drop(&mut self) {
            tracing::info!("dropped");
        }
    }
    let (lines, _) = captured(TracingProbe::new(), |_| {
        run_blocking(async |s: Scope| {
            let job = s.named("+a").start(Start::Undispatched).launch(async {
                let _says = Says;
                std::future::pending().await
            });
            job.cancel_and_join("enough").await;
        });
    });
    let life =
        ["open +a", "enter +a", "exit +a", "enter +a", "dropped in +a", "exit +a", "close +a: cancelled"];
    assert_eq!(lines, life);
}

#[test]
fn spans_that_the_subscriber_does_not_want_are_not_kept() {
    let (lines, closed) = captured(TracingProbe::new().level(Level::TRACE), |_| {
        run_blocking(async |s: Scope| {
            s.named("+a").launch(async { tracing::info!("said") });
        });
    });
    assert!(lines.is_empty() && closed.is_empty(), "{lines:?}");
}

#[test]
fn a_probe_that_goes_in_the_middle_of_a_step_leaves_no_span_entered() {
    let _alone = ALONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let capture = Capture::default();
    with_default(registry().with(capture.clone()), || {
        let tracing = probe::install(TracingProbe::new());
        run_blocking(async move |s: Scope| {
            s.named("+a").launch(async move {
                drop(tracing);
                tracing::info!("unheard");
            });
        });
        assert!(tracing::Span::current().is_none());
    });
    assert_eq!(capture.take(), ["open +a", "enter +a", "exit +a", "close +a: "]);
}
