//! Actors: mailboxes, endings, supervision.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coscope::actor::{AskError, Backoff, Mailbox, Supervision};
use coscope::channel::{OneshotSender, Receiver};
use coscope::prelude::*;
use coscope_test::{run_test, try_run_test};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

enum Counter {
    Add(u32),
    Get(OneshotSender<u32>),
    Wait(Duration),
    Fail,
    Panic,
}

async fn counter(inbox: Receiver<Counter>) {
    fallible(inbox).await.expect("it was not told to fail");
}

async fn fallible(inbox: Receiver<Counter>) -> Result<(), String> {
    let mut count = 0;
    while let Ok(message) = inbox.recv().await {
        match message {
            Counter::Add(x) => count += x,
            Counter::Get(reply) => drop(reply.send(count)),
            Counter::Wait(time) => delay(time).await,
            Counter::Fail => return Err(format!("told to fail at {count}")),
            Counter::Panic => std::panic::resume_unwind(Box::new("told to panic")),
        }
    }
    Ok(())
}

/// Keeps what it is told of.
fn recorder() -> (FailureHandler, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let to = told.clone();
    (FailureHandler::new(move |failure| to.lock().unwrap().push(failure.message().to_owned())), told)
}

fn restart(first: u64, longest: u64) -> Supervision {
    Supervision::Restart(Backoff::new(ms(first), ms(longest)))
}

#[test]
fn it_is_told_and_asked_in_turn() {
    run_test(async |s: Scope| {
        let mailbox = s.actor(64, counter);
        let other = mailbox.clone();
        for x in 1..=4 {
            mailbox.tell(Counter::Add(x)).await.unwrap();
        }
        assert_eq!(mailbox.ask(Counter::Get).await.ok(), Some(10));
        assert_eq!(other.ask(Counter::Get).await.ok(), Some(10));
    });
}

#[test]
fn a_full_mailbox_makes_wait() {
    run_test(async |s: Scope| {
        let mailbox = s.actor(1, counter);
        let begin = coscope::now();
        mailbox.tell(Counter::Wait(ms(100))).await.unwrap();
        yield_now().await;
        mailbox.tell(Counter::Add(1)).await.unwrap();
        assert_eq!(coscope::now(), begin);
        assert!(mailbox.try_tell(Counter::Add(2)).unwrap_err().is_full());
        mailbox.tell(Counter::Add(3)).await.unwrap();
        assert_eq!(coscope::now() - begin, ms(100));
        assert_eq!(mailbox.ask(Counter::Get).await.ok(), Some(4));
    });
}

#[test]
fn when_all_handles_have_gone_it_reads_the_rest_and_ends() {
    let read = Arc::new(AtomicUsize::new(0));
    run_test(async |s: Scope| {
        let count = read.clone();
        let mailbox = s.actor(8, async move |inbox: Receiver<u32>| {
            while inbox.recv().await.is_ok() {
                delay(ms(10)).await;
                count.fetch_add(1, SeqCst);
            }
        });
        for x in 0..5 {
            mailbox.tell(x).await.unwrap();
        }
        let begin = coscope::now();
        mailbox.join().await;
        assert_eq!((read.load(SeqCst), coscope::now() - begin), (5, ms(50)));
    });
}

#[test]
fn stop_drains_and_kill_drops() {
    run_test(async |s: Scope| {
        for (kill, expected) in [(false, 3), (true, 0)] {
            let read = Arc::new(AtomicUsize::new(0));
            let count = read.clone();
            let mailbox = s.actor(8, async move |inbox: Receiver<Arc<()>>| {
                while inbox.recv().await.is_ok() {
                    delay(ms(10)).await;
                    count.fetch_add(1, SeqCst);
                }
            });
            let message = Arc::new(());
            for _ in 0..3 {
                mailbox.tell(message.clone()).await.unwrap();
            }
            yield_now().await;
            if kill {
                assert!(mailbox.kill());
                assert!(!mailbox.kill());
            } else {
                assert!(mailbox.stop());
                assert!(!mailbox.stop());
            }
            let error = mailbox.tell(message.clone()).await.unwrap_err();
            drop(error);
            let job = mailbox.job().clone();
            mailbox.join().await;
            assert_eq!((read.load(SeqCst), job.is_cancelled()), (expected, kill));
            assert_eq!(Arc::strong_count(&message), 1);
        }
    });
}

#[test]
fn to_stop_a_job_above_is_to_stop_the_mailbox() {
    run_test(async |s: Scope| {
        let (out, handle) = coscope::channel::oneshot();
        let server = s.launch(async move {
            scope(async |s: Scope| {
                let mailbox = s.actor(8, counter);
                mailbox.tell(Counter::Wait(ms(10))).await.unwrap();
                out.send(mailbox).unwrap();
            })
            .await;
        });
        let mailbox: Mailbox<Counter> = handle.recv().await.unwrap();
        let begin = coscope::now();
        server.stop();
        assert!(mailbox.is_closed());
        server.join().await;
        assert_eq!((server.is_cancelled(), coscope::now() - begin), (false, ms(10)));
    });
}

#[test]
fn cancelled_in_the_midst_it_answers_nobody() {
    run_test(async |s: Scope| {
        let mailbox = s.named("counter").actor(8, counter);
        mailbox.tell(Counter::Wait(ms(1000))).await.unwrap();
        let asking = mailbox.clone();
        let asked = s.spawn(async move { asking.ask(Counter::Get).await });
        delay(ms(10)).await;
        mailbox.job().cancel_and_join("enough").await;
        let error = asked.await.unwrap_err();
        assert!(error.is_no_reply(), "{error}");
        let error = mailbox.ask(Counter::Get).await.unwrap_err();
        assert!(error.is_unsent(), "{error}");
        let text = error.to_string();
        assert!(text.contains("\"counter#") && text.contains("was cancelled"), "{text}");
        assert!(matches!(error.into_message(), Some(Counter::Get(_))));
    });
}

#[test]
fn a_cut_question_is_unwanted() {
    run_test(async |s: Scope| {
        let seen = Arc::new(Mutex::new(None));
        let note = seen.clone();
        let mailbox = s.actor(8, async move |inbox: Receiver<OneshotSender<()>>| {
            while let Ok(reply) = inbox.recv().await {
                delay(ms(100)).await;
                *note.lock().unwrap() = Some(reply.is_closed());
            }
        });
        assert!(with_timeout(ms(10), mailbox.ask(|reply| reply)).await.is_err());
        mailbox.join().await;
        assert_eq!(*seen.lock().unwrap(), Some(true));
    });
}

#[test]
fn a_failure_fails_the_scope() {
    let failed: Result<(), String> = try_run_test(async |s: Scope<String>| {
        let mailbox = s.try_actor(8, fallible);
        mailbox.tell(Counter::Add(7)).await.unwrap();
        mailbox.tell(Counter::Fail).await.unwrap();
        coscope::cancelled().await;
        Ok(())
    });
    assert_eq!(failed, Err("told to fail at 7".to_owned()));
}

#[test]
fn one_that_returns_drops_the_rest() {
    run_test(async |s: Scope| {
        let mailbox = s.actor(8, async |inbox: Receiver<Arc<()>>| drop(inbox.recv().await));
        let message = Arc::new(());
        mailbox.tell(message.clone()).await.unwrap();
        mailbox.tell(message.clone()).await.unwrap();
        mailbox.job().join().await;
        assert_eq!(Arc::strong_count(&message), 1);
        let error = mailbox.tell(message).await.unwrap_err();
        assert!(error.to_string().contains("has returned"), "{error}");
    });
}

#[test]
fn restarted_it_begins_anew_after_a_while() {
    let (handler, told) = recorder();
    run_test(async |s: Scope| {
        let mailbox = s.on(handler).supervised_actor(8, restart(100, 1000), fallible);
        let begin = coscope::now();
        mailbox.tell(Counter::Add(7)).await.unwrap();
        mailbox.tell(Counter::Fail).await.unwrap();
        mailbox.tell(Counter::Add(1)).await.unwrap();
        assert_eq!(mailbox.ask(Counter::Get).await.ok(), Some(1)); // a new state, the same mailbox
        assert_eq!(coscope::now() - begin, ms(100));
        mailbox.tell(Counter::Panic).await.unwrap();
        assert_eq!(mailbox.ask(Counter::Get).await.ok(), Some(0));
        assert_eq!(coscope::now() - begin, ms(300)); // twice as long
        mailbox.join().await;
    });
    assert_eq!(*told.lock().unwrap(), ["\"told to fail at 7\"", "told to panic"]);
}

#[test]
fn back_off_grows_to_a_limit_and_forgets() {
    let (handler, told) = recorder();
    run_test(async |s: Scope| {
        let mailbox = s.on(handler).supervised_actor(8, restart(100, 300), fallible);
        let begin = coscope::now();
        for expected in [100, 300, 600, 900] {
            mailbox.tell(Counter::Fail).await.unwrap();
            assert_eq!(mailbox.ask(Counter::Get).await.ok(), Some(0));
            assert_eq!(coscope::now() - begin, ms(expected));
        }
        delay(ms(301)).await;
        mailbox.tell(Counter::Fail).await.unwrap();
        assert_eq!(mailbox.ask(Counter::Get).await.ok(), Some(0));
        assert_eq!(coscope::now() - begin, ms(900 + 301 + 100));
    });
    assert_eq!(told.lock().unwrap().len(), 5);
}

#[test]
fn too_many_failures_in_a_row_end_it() {
    let (handler, told) = recorder();
    run_test(async |s: Scope| {
        let supervision = Supervision::Restart(Backoff::new(ms(10), ms(1000)).at_most(2));
        let mailbox = s.on(handler).supervised_actor(8, supervision, fallible);
        for _ in 0..3 {
            mailbox.tell(Counter::Fail).await.unwrap();
        }
        let begin = coscope::now();
        mailbox.job().join().await;
        assert_eq!(coscope::now() - begin, ms(10 + 20));
        let error = mailbox.ask(Counter::Get).await.unwrap_err();
        assert!(matches!(&error, AskError::Unsent(_)));
        assert!(error.to_string().contains("failed"), "{error}");
    });
    assert_eq!(told.lock().unwrap().len(), 3);
}

#[test]
fn too_many_failures_in_a_row_fail_the_scope_of_one_that_may() {
    let (handler, told) = recorder();
    let told_again = told.clone();
    let all: Result<(), String> = try_run_test(async |s: Scope<String>| {
        let backoff = Backoff::new(ms(10), ms(1000)).at_most(2);
        let mailbox = s.on(handler).try_supervised_actor(8, backoff, fallible);
        let begin = coscope::now();
        mailbox.tell(Counter::Fail).await.unwrap();
        mailbox.tell(Counter::Panic).await.unwrap();
        mailbox.tell(Counter::Add(3)).await.unwrap();
        mailbox.tell(Counter::Fail).await.unwrap();
        delay(ms(29)).await;
        assert_eq!(*told_again.lock().unwrap(), ["\"told to fail at 0\"", "told to panic"]);
        let _never: () = std::future::pending().await;
        unreachable!("begun at {begin:?}");
    });
    assert_eq!(all, Err("told to fail at 3".to_owned()));
    assert_eq!(told.lock().unwrap().len(), 2);
}

#[test]
fn one_that_may_fail_its_scope_forgets_what_is_long_ago() {
    let (handler, told) = recorder();
    let all: Result<(), String> = try_run_test(async |s: Scope<String>| {
        let backoff = Backoff::new(ms(10), ms(100)).at_most(1);
        let mailbox = s.on(handler).try_supervised_actor(8, backoff, fallible);
        for _ in 0..3 {
            mailbox.tell(Counter::Fail).await.unwrap();
            delay(ms(111)).await;
        }
        assert_eq!(mailbox.ask(Counter::Get).await.ok(), Some(0));
        Ok(())
    });
    assert_eq!(all, Ok(()));
    assert_eq!(told.lock().unwrap().len(), 3);
}

#[test]
fn a_weak_handle_does_not_keep_it() {
    run_test(async |s: Scope| {
        let mailbox = s.actor(8, counter);
        let weak = mailbox.downgrade();
        weak.upgrade().unwrap().tell(Counter::Add(2)).await.unwrap();
        assert_eq!(mailbox.ask(Counter::Get).await.ok(), Some(2));
        assert_eq!(weak.job().id(), mailbox.job().id());
        drop(mailbox);
        assert!(weak.upgrade().is_none());
        weak.clone().job().join().await;
    });
}

#[test]
fn ignored_it_ends_alone() {
    let (handler, told) = recorder();
    run_test(async |s: Scope| {
        let mailbox = s.on(handler).supervised_actor(8, Supervision::Ignore, fallible);
        mailbox.tell(Counter::Fail).await.unwrap();
        mailbox.job().join().await;
        assert!(mailbox.tell(Counter::Add(1)).await.is_err());
        assert!(s.is_active());
    });
    assert_eq!(*told.lock().unwrap(), ["\"told to fail at 0\""]);
}

#[test]
fn killed_while_it_waits_to_begin_anew() {
    let (handler, _told) = recorder();
    run_test(async |s: Scope| {
        let mailbox = s.on(handler).supervised_actor(8, restart(1000, 1000), fallible);
        let begin = coscope::now();
        mailbox.tell(Counter::Fail).await.unwrap();
        delay(ms(10)).await;
        mailbox.tell(Counter::Add(1)).await.unwrap();
        mailbox.kill();
        mailbox.join().await;
        assert_eq!(coscope::now() - begin, ms(10));
    });
}

#[test]
fn stopped_while_it_waits_it_reads_the_rest_first() {
    let (handler, _told) = recorder();
    run_test(async |s: Scope| {
        let mailbox = s.on(handler).supervised_actor(8, restart(1000, 1000), fallible);
        let begin = coscope::now();
        mailbox.tell(Counter::Fail).await.unwrap();
        delay(ms(10)).await;
        mailbox.tell(Counter::Wait(ms(5))).await.unwrap();
        mailbox.stop();
        mailbox.join().await;
        assert_eq!(coscope::now() - begin, ms(1005));
    });
}

#[test]
fn an_actor_on_the_pool_counts_a_hundred_thousand() {
    run_blocking(async |s: Scope| {
        let mailbox = s.on(Dispatchers::default()).actor(16, counter);
        scope(async |s: Scope| {
            for _ in 0..100 {
                let mailbox = mailbox.clone();
                s.on(Dispatchers::default()).launch(async move {
                    for _ in 0..1000 {
                        assert!(mailbox.tell(Counter::Add(1)).await.is_ok());
                    }
                });
            }
        })
        .await;
        assert_eq!(mailbox.ask(Counter::Get).await.ok(), Some(100_000));
    });
}
