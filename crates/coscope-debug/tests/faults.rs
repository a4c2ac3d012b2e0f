//! Faults that are planted here, and how each is named: by kind, coroutine and place.
#![allow(missing_docs)] // tests

use std::future::poll_fn;
use std::panic::Location;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::Duration;

use coscope::channel::channel;
use coscope::prelude::*;
use coscope::sync::Mutex;
use coscope_debug::{Finding, FindingKind, Watchdog, WatchdogBuilder, record};
use coscope_test::run_test;

const SECOND: Duration = Duration::from_secs(1);
/// A step of the machine is a millisecond: what is due then has been seen to be due.
const TICK: Duration = Duration::from_millis(1);

/// The findings that name a coroutine called `name`: other tests run in this process.
fn found(watchdog: &WatchdogBuilder, name: &str) -> Vec<Finding> {
    let mut findings = watchdog.check();
    findings.retain(|finding| finding.text().contains(&format!("\"{name}#")));
    findings
}

/// This line, so many further down, as a finding shows it.
#[track_caller]
fn line(further: u32) -> String {
    let here = Location::caller();
    format!("{}:{}", here.file(), here.line() + further)
}

#[track_caller]
fn assert_says(finding: &Finding, kind: FindingKind, jobs: &[&Job], parts: &[&str]) {
    assert_eq!(finding.kind(), kind, "{finding}");
    let keys: Vec<u64> = jobs.iter().map(|job| job.key()).collect();
    assert_eq!(finding.jobs(), keys, "{finding}");
    for part in parts {
        assert!(finding.text().contains(part), "`{part}` is not in: {finding}");
    }
}

#[test]
fn two_locks_taken_in_two_orders() {
    let _recording = record();
    run_test(async |s: Scope| {
        let (left, right) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let place = line(4);
        let both = |first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
            let (first, second) = (first.clone(), second.clone());
            async move {
                let _first = first.lock().await;
                delay(SECOND).await;
                let _second = second.lock().await;
            }
        };
        let transfer = s.named("transfer").launch(both(&left, &right));
        let audit = s.named("audit").launch(both(&right, &left));
        let watchdog = Watchdog::builder();
        assert!(found(&watchdog, "transfer").is_empty());
        delay(2 * SECOND).await;
        let findings = found(&watchdog, "transfer");
        assert_eq!(findings.len(), 1, "{findings:?}");
        let waits = format!("\"transfer#{}\", launched at ", transfer.id());
        let place = format!(" waits at {} for the Mutex that \"audit#", second_lock(&place));
        assert_says(
            &findings[0],
            FindingKind::Deadlock,
            &[&transfer, &audit],
            &["2 coroutines wait for each other", &waits, &place],
        );
        transfer.cancel("seen");
        audit.cancel("seen");
    });
}

#[test]
fn a_circle_that_a_timeout_opens_is_not_for_ever() {
    let _recording = record();
    run_test(async |s: Scope| {
        let (left, right) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let both = |first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
            let (first, second) = (first.clone(), second.clone());
            async move {
                let _first = first.lock().await;
                delay(SECOND).await;
                let _second = second.lock().await;
            }
        };
        // the timeout of one is around it, and the other has none
        let timed = s.named("timed").spawn(with_timeout(60 * SECOND, both(&left, &right)));
        let job = timed.job();
        let patient = s.named("patient").launch(both(&right, &left));
        delay(2 * SECOND).await;
        let findings = found(&Watchdog::builder(), "timed");
        assert_eq!(findings.len(), 1, "{findings:?}");
        let says = "2 coroutines wait for each other, until a timeout cuts one of them off:\n";
        assert_says(&findings[0], FindingKind::Deadlock, &[&job, &patient], &[says]);
        assert!(timed.await.is_err());
        patient.join().await; // nobody holds the other lock now
        assert_eq!(found(&Watchdog::builder(), "patient"), []);
    });
}

/// Two that wait for each other, and what is said of them; then they are cancelled, or not.
async fn knot(name: &'static str, is_cut: bool) -> String {
    scope(async move |s: Scope| {
        let (left, right) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let both = |first: Arc<Mutex<()>>, second: Arc<Mutex<()>>| async move {
            let _first = first.lock().await;
            delay(SECOND).await;
            let _second = second.lock().await;
        };
        let stuck = [
            s.named(name).launch(both(left.clone(), right.clone())),
            s.named("other").launch(both(right, left)),
        ];
        delay(2 * SECOND).await;
        let findings = found(&Watchdog::builder(), name);
        assert_eq!(findings.len(), 1, "{findings:?}");
        if is_cut {
            assert!(stuck.iter().all(|job| job.cancel("seen")));
        } else {
            assert!(findings[0].text().contains("until a timeout cuts one of them off:"), "{}", findings[0]);
        }
        findings[0].text().to_owned()
    })
    .await
}

#[test]
fn a_circle_below_a_timeout_is_not_for_ever_but_behind_a_shield_it_is() {
    let _recording = record();
    run_test(async |_: Scope| {
        assert!(with_timeout(60 * SECOND, knot("lower", false)).await.is_err());
        let said = with_timeout(60 * SECOND, shield(knot("shielded", true))).await.unwrap();
        assert!(said.starts_with("2 coroutines wait for each other, for ever:"), "{said}");
    });
}

/// The line of the second lock, seen from the line of the first.
fn second_lock(first: &str) -> String {
    let (file, line) = first.rsplit_once(':').unwrap();
    format!("{file}:{}", line.parse::<u32>().unwrap() + 2)
}

#[test]
fn two_that_wait_for_each_other_to_end() {
    let _recording = record();
    run_test(async |s: Scope| {
        let jobs: Arc<std::sync::Mutex<Vec<Job>>> = Arc::default();
        let wait_for = |at: usize| {
            let jobs = jobs.clone();
            async move {
                let other = jobs.lock().unwrap()[at].clone();
                other.join().await;
            }
        };
        let hen = s.named("hen").launch(wait_for(1));
        let egg = s.named("egg").launch(wait_for(0));
        jobs.lock().unwrap().extend([hen.clone(), egg.clone()]);
        delay(SECOND).await;
        let findings = found(&Watchdog::builder(), "hen");
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_says(
            &findings[0],
            FindingKind::Deadlock,
            &[&hen, &egg],
            &[&format!("for \"egg#{}\" to end", egg.id())],
        );
        hen.cancel("seen");
        egg.cancel("seen");
    });
}

#[test]
fn a_parent_that_keeps_the_lock_that_its_child_wants() {
    let _recording = record();
    run_test(async |s: Scope| {
        let lock = Arc::new(Mutex::new(()));
        let parent = s.named("parent").launch(async move {
            let _held = lock.lock().await;
            let wanted = lock.clone();
            scope(async |s: Scope| {
                s.named("child").launch(async move { drop(wanted.lock().await) });
            })
            .await;
        });
        delay(SECOND).await;
        let child = parent.children().remove(0);
        let findings = found(&Watchdog::builder(), "child");
        assert_eq!(findings.len(), 1, "{findings:?}");
        let waits = format!("\"parent#{}\", launched at ", parent.id());
        let has = format!("for the Mutex that \"parent#{}\" has", parent.id());
        for part in ["2 coroutines wait for each other", &waits, "for its child \"child#", &has] {
            assert!(findings[0].text().contains(part), "{}", findings[0]);
        }
        assert!(findings[0].jobs().contains(&parent.key()) && findings[0].jobs().contains(&child.key()));
        parent.cancel("seen");
    });
}

#[test]
fn a_foreign_future_that_loses_its_waker() {
    run_test(async |s: Scope| {
        let place = line(1);
        let fetch = s.named("fetch").launch(poll_fn(|_forgotten| Poll::<()>::Pending));
        let watchdog = Watchdog::builder().wake_limit(60 * SECOND);
        delay(60 * SECOND - TICK).await;
        assert!(found(&watchdog, "fetch").is_empty());
        delay(TICK).await;
        let findings = found(&watchdog, "fetch");
        assert_eq!(findings.len(), 1, "{findings:?}");
        let says = format!(
            "\"fetch#{}\", launched at {place}, has waited for 1 min 0 s in a future that",
            fetch.id()
        );
        assert_says(&findings[0], FindingKind::NotWoken, &[&fetch], &[&says, "lost the waker"]);
        fetch.cancel("seen");
    });
}

#[test]
fn a_step_that_does_not_end() {
    let (told, heard) = mpsc::channel();
    let _watchdog = Watchdog::builder()
        .step_limit(Duration::from_millis(20))
        .on_finding(move |finding| {
            if finding.text().contains("\"hash#") {
                drop(told.send(finding.clone()));
            }
        })
        .start()
        .unwrap();
    let place = line(2);
    let (job, finding) = coscope::run_blocking(async move |s: Scope| {
        let hash = s.named("hash").on(Dispatchers::default()).spawn(async move {
            delay(TICK).await;
            (current_job(), heard.recv().unwrap()) // the step lasts until it has been told of
        });
        hash.await
    });
    let says = format!("\"hash#{}\", launched at {place}, has been in one step for ", job.id());
    let parts = [&says[..], " on thread DefaultDispatcher-worker-", "`Dispatchers::io()`"];
    assert_says(&finding, FindingKind::LongStep, &[&job], &parts);
}

#[test]
fn a_dispatcher_that_does_not_come_to_a_coroutine() {
    let (told, heard) = mpsc::channel();
    let _watchdog = Watchdog::builder()
        .poll_limit(Duration::from_millis(20))
        .on_finding(move |finding| {
            if finding.text().contains("\"starved#") {
                drop(told.send(finding.clone()));
            }
        })
        .start()
        .unwrap();
    let (id, finding) = coscope::run_blocking(async move |s: Scope| {
        let one = Dispatchers::single_thread("one");
        let hog = s.on(one.clone()).spawn(async move { heard.recv().unwrap() });
        let starved = s.on(one).named("starved").launch(async {});
        (starved.id(), hog.await)
    });
    let says = format!("\"starved#{id}\", launched at ");
    assert_eq!((finding.kind(), finding.jobs()), (FindingKind::NotPolled, [id].as_slice()));
    for part in [&says[..], "ago and has not been polled since: one is busy"] {
        assert!(finding.text().contains(part), "{finding}");
    }
}

#[test]
fn a_child_that_keeps_its_scope() {
    run_test(async |s: Scope| {
        let place = line(4);
        let request = s.named("request").launch(async {
            scope(async |s: Scope| {
                let (kept, receiver) = channel::<u32>(1);
                s.named("leaked").launch(async move { while receiver.recv().await.is_ok() {} });
                std::mem::forget(kept);
            })
            .await;
        });
        let watchdog = Watchdog::builder().child_limit(30 * SECOND);
        delay(30 * SECOND - TICK).await;
        assert!(found(&watchdog, "request").is_empty());
        delay(TICK).await;
        let findings = found(&watchdog, "request");
        assert_eq!(findings.len(), 1, "{findings:?}");
        let leaked = request.children().remove(0);
        let says = format!(
            "\n  \"leaked#{}\" suspended 30.0 s in Channel::recv at {place}, launched at {place}",
            leaked.id()
        );
        assert_says(
            &findings[0],
            FindingKind::LongChild,
            &[&leaked, &request],
            &["has waited for 30.0 s", &says, "nobody has closed the channel that it receives from"],
        );
        request.cancel("seen");
    });
}

#[test]
fn a_lock_that_is_held_across_a_long_wait() {
    let _recording = record();
    run_test(async |s: Scope| {
        let lock = Arc::new(Mutex::new(()));
        let other = lock.clone();
        let writer_waits = line(3);
        let writer = s.named("writer").launch(async move {
            let _held = lock.lock().await;
            delay(3600 * SECOND).await;
        });
        let reader_waits = line(1);
        let reader = s.named("reader").launch(async move { drop(other.lock().await) });
        let watchdog = Watchdog::builder().wait_limit(10 * SECOND);
        delay(10 * SECOND - TICK).await;
        assert!(found(&watchdog, "reader").is_empty());
        delay(TICK).await;
        let findings = found(&watchdog, "reader");
        assert_eq!(findings.len(), 1, "{findings:?}");
        let waits =
            format!("has waited for 10.0 s at {reader_waits} for the Mutex that \"writer#{}\"", writer.id());
        let does = format!("meanwhile that one is suspended for 10.0 s in delay at {writer_waits}");
        assert_says(&findings[0], FindingKind::LongWait, &[&writer, &reader], &[&waits, &does]);
        writer.cancel("seen");
    });
}

#[test]
fn a_full_channel_whose_receiver_is_elsewhere() {
    let _recording = record();
    run_test(async |s: Scope| {
        let (sender, receiver) = channel(1);
        let consumer_waits = line(3);
        let consumer = s.named("consumer").launch(async move {
            let _first: u32 = receiver.recv().await.unwrap();
            delay(3600 * SECOND).await;
            drop(receiver);
        });
        let producer_waits = line(3);
        let producer = s.named("producer").launch(async move {
            delay(SECOND).await; // the receiver waits by then
            while sender.send(7).await.is_ok() {}
        });
        let watchdog = Watchdog::builder().wait_limit(10 * SECOND);
        delay(11 * SECOND).await;
        let findings = found(&watchdog, "producer");
        assert_eq!(findings.len(), 1, "{findings:?}");
        let waits = format!("has waited for 10.0 s at {producer_waits} for room in a channel");
        let does = format!("and is suspended for 10.0 s in delay at {consumer_waits}");
        assert_says(
            &findings[0],
            FindingKind::LongWait,
            &[&consumer, &producer],
            &[&waits, &does, "last to receive"],
        );
        producer.cancel("seen");
        consumer.cancel("seen");
    });
}

#[test]
fn a_detached_coroutine_without_an_end() {
    run_test(async |s: Scope| {
        let place = line(3);
        let here = coscope::current_context();
        let poller =
            coscope::detached().on(here).named("poller").launch(async { delay(3600 * SECOND).await });
        let watchdog = Watchdog::builder().detached_limit(60 * SECOND);
        delay(60 * SECOND - TICK).await;
        assert!(found(&watchdog, "poller").is_empty());
        delay(TICK).await;
        let findings = found(&watchdog, "poller");
        assert_eq!(findings.len(), 1, "{findings:?}");
        let says = format!(
            "\"poller#{}\" suspended 1 min 0 s in delay at {place}, launched at {place}",
            poller.id()
        );
        assert_says(&findings[0], FindingKind::LongDetached, &[&poller], &[&says, "hangs below no scope"]);
        poller.cancel_and_join("seen").await;
        drop(s);
    });
}

#[test]
fn a_clean_up_that_hangs() {
    run_test(async |s: Scope| {
        let place = line(4);
        let session = s.named("session").launch(async {
            let work = delay(3600 * SECOND);
            // the peer that is to say goodbye is gone
            work.finally(async { delay(20 * SECOND).await }).await;
        });
        delay(SECOND).await;
        session.cancel("the user has left");
        let watchdog = Watchdog::builder().child_limit(10 * SECOND);
        delay(10 * SECOND + TICK).await;
        let findings = found(&watchdog, "session");
        assert_eq!(findings.len(), 1, "{findings:?}");
        let says = format!("suspended 10.0 s in delay at {place}");
        let waits = format!("\"session#{}\", launched at ", session.id());
        assert_eq!(findings[0].kind(), FindingKind::LongChild);
        for part in [&waits, &says] {
            assert!(findings[0].text().contains(part), "{}", findings[0]);
        }
        session.join().await;
    });
}
