//! Producers: how they end, and what their receivers are told.
#![allow(missing_docs)]

use coscope::actor::{Ending, Produced};
use coscope::channel::{Capacity, RecvError, Sender};
use coscope::prelude::*;
use coscope_test::{run_test, try_run_test};
use futures::StreamExt;
use std::time::Duration;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn naturals(s: &Scope) -> Produced<u32> {
    s.produce(0, async |to: Sender<u32>| {
        for x in 1.. {
            to.send(x).await.unwrap();
        }
    })
}

fn ending(error: &RecvError) -> &Ending {
    (&**error.cause().expect("a cause") as &(dyn std::error::Error + 'static))
        .downcast_ref()
        .expect("an Ending")
}

#[test]
fn what_is_sent_is_received_and_then_no_more() {
    run_test(async |s: Scope| {
        let squares = s.produce(0, async |to: Sender<u32>| {
            for x in 1..=5 {
                to.send(x * x).await.unwrap();
            }
        });
        let job = squares.job().clone();
        assert_eq!(squares.collect::<Vec<_>>().await, [1, 4, 9, 16, 25]);
        job.join().await;
        assert!(!job.is_cancelled());
    });
}

#[test]
fn a_plain_end_has_no_cause() {
    run_test(async |s: Scope| {
        let nothing = s.produce(4, async |_: Sender<u32>| {});
        let error = nothing.recv().await.unwrap_err();
        assert!(!error.is_cancelled() && error.cause().is_none());
    });
}

#[test]
fn it_ends_when_nobody_receives_any_more() {
    run_test(async |s: Scope| {
        let numbers = naturals(&s);
        let again = numbers.clone();
        assert_eq!(numbers.recv().await, Ok(1));
        let job = numbers.job().clone();
        drop(numbers);
        yield_now().await;
        assert!(job.is_active());
        assert_eq!(again.recv().await, Ok(2));
        drop(again);
        job.join().await;
        assert!(job.is_cancelled());
        assert_eq!(s.children().len(), 0);
    });
}

#[test]
fn it_ends_also_where_it_waits_for_something_else() {
    run_test(async |s: Scope| {
        let begin = coscope::now();
        let numbers = s.produce(0, async |to: Sender<u32>| {
            to.send(1).await.unwrap();
            delay(ms(60_000)).await;
            unreachable!("nobody receives");
        });
        assert_eq!(numbers.recv().await, Ok(1));
        yield_now().await;
        numbers.cancel();
        numbers.job().join().await;
        assert_eq!(coscope::now(), begin);
        assert!(numbers.recv().await.unwrap_err().is_cancelled());
    });
}

#[test]
fn cancelled_it_says_so_behind_what_it_has_sent() {
    run_test(async |s: Scope| {
        let numbers = s.named("numbers").produce(2, async |to: Sender<u32>| {
            for x in 1.. {
                to.send(x).await.unwrap();
            }
        });
        yield_now().await;
        numbers.job().cancel_and_join("enough").await;
        assert_eq!((numbers.recv().await, numbers.recv().await), (Ok(1), Ok(2)));
        let error = loop {
            match numbers.recv().await {
                Ok(x) => assert_eq!(x, 3), // it stood at the door
                Err(error) => break error,
            }
        };
        assert!(ending(&error).is_cancelled(), "{error}");
        assert_eq!(ending(&error).coroutine().map(|c| c.name()), Some("numbers"));
        assert!(error.to_string().contains("was cancelled"), "{error}");
    });
}

#[test]
fn a_failure_closes_the_channel_and_fails_the_scope() {
    let failed: Result<(), String> = try_run_test(async |s: Scope<String>| {
        let lines = s.try_produce(0, async |to: Sender<u32>| {
            to.send(1).await.map_err(|gone| gone.to_string())?;
            Err("disk full".to_owned())
        });
        assert_eq!(lines.recv().await, Ok(1));
        lines.recv().await.unwrap_err(); // it is cut here, or sees the end
        coscope::cancelled().await;
        Ok(())
    });
    assert_eq!(failed, Err("disk full".to_owned()));
}

#[test]
fn a_supervised_failure_is_seen_by_who_receives() {
    run_test(async |_: Scope| {
        let quiet = FailureHandler::new(|_| {});
        let error = supervisor_scope(async |s: Supervisor| {
            let lines = s.on(quiet).try_produce(0, async |to: Sender<u32>| {
                to.send(1).await.unwrap();
                Err("disk full")
            });
            assert_eq!(lines.recv().await, Ok(1));
            lines.recv().await.unwrap_err()
        })
        .await;
        assert!(ending(&error).is_failure());
        assert!(error.to_string().contains("failed"), "{error}");
    });
}

#[test]
fn a_panic_is_seen_by_who_receives() {
    run_test(async |_: Scope| {
        let quiet = FailureHandler::new(|_| {});
        let error = supervisor_scope(async |s: Supervisor| {
            let lines = s.on(quiet).produce(0, async |to: Sender<u32>| {
                to.send(1).await.unwrap();
                std::panic::resume_unwind(Box::new("no hook"));
            });
            assert_eq!(lines.recv().await, Ok(1));
            lines.recv().await.unwrap_err()
        })
        .await;
        assert!(ending(&error).is_failure());
        assert!(error.to_string().contains("panicked"), "{error}");
    });
}

#[test]
fn a_body_may_close_before_it_returns() {
    run_test(async |s: Scope| {
        let one = s.produce(0, async |to: Sender<u32>| {
            to.send(1).await.unwrap();
            drop(to);
            delay(ms(1000)).await;
        });
        let begin = coscope::now();
        assert_eq!(one.recv().await, Ok(1));
        assert!(one.recv().await.is_err());
        assert_eq!(coscope::now(), begin);
        one.job().join().await;
        assert!(one.job().is_cancelled() || coscope::now() - begin == ms(1000));
    });
}

#[test]
fn children_of_the_body_may_send_for_it() {
    run_test(async |s: Scope| {
        let both = s.produce(0, async |to: Sender<u32>| {
            scope(async |inner: Scope| {
                for x in [1, 2] {
                    let to = to.clone();
                    inner.launch(async move { to.send(x).await.unwrap() });
                }
            })
            .await;
        });
        let mut all: Vec<u32> = both.collect().await;
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
    });
}

#[test]
fn on_an_ended_scope_nothing_is_produced() {
    run_test(async |_: Scope| {
        let ended = scope(async |s: Scope| s).await;
        let numbers = ended.produce(0, async |to: Sender<u32>| to.send(1).await.unwrap());
        let error = numbers.recv().await.unwrap_err();
        assert!(ending(&error).is_cancelled());
    });
}

#[test]
fn a_conflated_producer_never_waits() {
    run_test(async |s: Scope| {
        let latest = s.produce(Capacity::Conflated, async |to: Sender<u32>| {
            for x in 1..=10 {
                to.send(x).await.unwrap();
            }
        });
        latest.job().join().await;
        assert_eq!(latest.recv().await, Ok(10));
    });
}

#[test]
fn it_can_be_launched_on_every_scope_and_says_where() {
    run_test(async |s: Scope| {
        let body = async |to: Sender<u32>| to.send(1).await.unwrap();
        let owned = CoroutineScope::new(s.context().clone());
        let on_owned = owned.produce(1, body);
        let named = s.named("one").produce(1, body);
        assert_eq!((on_owned.recv().await, named.recv().await), (Ok(1), Ok(1)));
        let site = named.job().launched_at();
        assert_eq!((site.file(), site.line()), (file!(), line!() - 3));
        supervisor_scope(async |s: Supervisor| {
            assert_eq!(s.produce(1, body).recv().await, Ok(1));
        })
        .await;
        let gathered = coscope::collect_scope(async |s: coscope::Collector<String>| {
            let lines = s.try_produce(1, async |to: Sender<u32>| {
                to.send(1).await.unwrap();
                Err("late".to_owned())
            });
            assert_eq!(lines.recv().await, Ok(1));
            assert!(lines.recv().await.is_err());
        })
        .await;
        assert_eq!(gathered.unwrap_err().len(), 1);
    });
}
