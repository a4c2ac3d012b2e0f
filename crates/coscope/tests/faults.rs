//! Faults of user code and of dispatchers: a panic in an odd place, a refusal. Nothing is lost or aborted by them.
#![allow(missing_docs, clippy::disallowed_methods, clippy::type_complexity)] // tests catch what they provoke

use ::core::prelude::v1::test; // and not that of coscope
use coscope::context::{Element, ThreadElement, thread_element};
use coscope::prelude::*;
use coscope::*;
use coscope_test::run_test;
use std::cell::Cell;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Log = Arc<Mutex<Vec<&'static str>>>;

fn say(log: &Log, line: &'static str) {
    log.lock().unwrap().push(line)
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn clean_up_of_a_refused_coroutine_runs() {
    let log: Log = Arc::default();
    let l = log.clone();
    run_blocking(async |s: Scope| {
        let open = Arc::new(AtomicBool::new(true));
        let opened = open.clone();
        let d = Dispatcher::from_executor("closing", move |r: coscope::dispatch::Runnable| {
            if opened.load(SeqCst) { Dispatchers::default().dispatch(r) } else { drop(r) }
        });
        let begun = CompletableDeferred::new();
        let begin = begun.clone();
        let j = s.on(d).launch(async move {
            begin.complete(()).unwrap();
            std::future::pending::<()>()
                .finally(async move {
                    delay(ms(1)).await;
                    say(&l, "cleaned")
                })
                .await
        });
        begun.wait().await.unwrap();
        delay(ms(5)).await;
        open.store(false, SeqCst);
        j.cancel_and_join("x").await;
    });
    assert_eq!(*log.lock().unwrap(), ["cleaned"]);
}

#[test]
fn a_shielded_trip_to_a_dispatcher_that_closes_ends() {
    let done = run_blocking(async |s: Scope| {
        let open = Arc::new(AtomicBool::new(true));
        let opened = open.clone();
        let d = Dispatcher::from_executor("closing", move |r: coscope::dispatch::Runnable| {
            if opened.load(SeqCst) { Dispatchers::default().dispatch(r) } else { drop(r) }
        });
        let done = Arc::new(AtomicBool::new(false));
        let (did, shut) = (done.clone(), open.clone());
        let j = s.on(Dispatchers::default()).launch(async move {
            shield(with_context(d, async move {
                shut.store(false, SeqCst);
                delay(ms(5)).await;
                did.store(true, SeqCst);
            }))
            .await;
            delay(Duration::MAX).await
        });
        j.join().await;
        assert!(j.is_cancelled());
        done.load(SeqCst)
    });
    assert!(done);
}

#[test]
fn a_cancelled_clean_up_leaves_the_others_their_turn() {
    run_test(async |s: Scope| {
        let log: Log = Arc::default();
        let l = log.clone();
        let j = s.launch(async move {
            let l2 = l.clone();
            let _b = defer(async move { say(&l2, "second") });
            let _a = defer(delay(Duration::from_secs(10)));
            delay(Duration::MAX).await
        });
        delay(ms(1)).await;
        j.cancel("x");
        delay(ms(1)).await;
        for child in j.children() {
            child.cancel("by hand");
        }
        j.join().await;
        assert_eq!(*log.lock().unwrap(), ["second"]);
    });
}

/// Panics in the call that its counter says.
struct Faulty {
    update: Arc<AtomicU32>,
    restore: Arc<AtomicU32>,
}
impl Element for Faulty {}
fn due(n: &AtomicU32) -> bool {
    n.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)) == Ok(1)
}
impl ThreadElement for Faulty {
    type Saved = ();
    fn update(&self) {
        assert!(!due(&self.update), "update");
    }
    fn restore(&self, (): ()) {
        assert!(!due(&self.restore), "restore");
    }
}

#[test]
fn a_thread_element_that_panics_in_update_fails_its_coroutine() {
    for nth in 1..4 {
        run_test(async move |_: Scope| {
            let element = Faulty { update: Arc::new(nth.into()), restore: Arc::default() };
            let r = supervisor_scope(async |s: Supervisor| {
                s.on(thread_element(element)).spawn(async { yield_now().await }).await
            })
            .await;
            assert_eq!(r.is_err(), nth < 3, "{nth} {r:?}");
        });
    }
}

#[test]
fn a_thread_element_that_panics_in_restore_ends_its_coroutine() {
    for nth in 1..4 {
        run_test(async move |_: Scope| {
            let element = Faulty { restore: Arc::new(nth.into()), update: Arc::default() };
            supervisor_scope(async |s: Supervisor| {
                let handled = thread_element(element) + FailureHandler::new(|_| {}); // it fails, or it does not
                s.on(handled).launch(async { yield_now().await }).join().await
            })
            .await;
        });
    }
}

#[test]
fn a_poll_of_a_closed_scope_says_what_happened() {
    run_test(async |s: Scope| {
        let place: Arc<Mutex<Option<Boxed<()>>>> = Arc::default();
        let stash = place.clone();
        s.launch(async move {
            let mut moved: Boxed<()> = Box::pin(scope(async |s: Scope| {
                s.launch(delay(Duration::MAX));
                delay(Duration::MAX).await
            }));
            let _ = futures::poll!(&mut moved);
            *stash.lock().unwrap() = Some(moved);
        })
        .join()
        .await;
        let moved = place.lock().unwrap().take().unwrap();
        let r = supervisor_scope(async |s: Supervisor| s.spawn(moved).await).await;
        let text = r.unwrap_err().to_string();
        assert!(text.contains("the coroutine that it belongs to had ended"), "{text}");
    });
}

#[test]
fn clean_up_inside_a_closed_scope_that_is_dropped_runs() {
    run_test(async |s: Scope| {
        let log: Log = Arc::default();
        let l = log.clone();
        let place: Arc<Mutex<Option<Boxed<()>>>> = Arc::default();
        let stash = place.clone();
        s.launch(async move {
            let mut moved: Boxed<()> = Box::pin(scope(async move |s: Scope| {
                s.launch(delay(Duration::MAX));
                delay(Duration::MAX).finally(async move { say(&l, "cleaned") }).await
            }));
            let _ = futures::poll!(&mut moved);
            *stash.lock().unwrap() = Some(moved);
        })
        .join()
        .await;
        let moved = place.lock().unwrap().take().unwrap();
        s.launch(async move { drop(moved) }).join().await;
        assert_eq!(*log.lock().unwrap(), ["cleaned"]);
    });
}

#[test]
fn a_result_whose_drop_panics_does_not_abort_a_failing_scope() {
    struct P;
    impl Drop for P {
        fn drop(&mut self) {
            panic!("in drop")
        }
    }
    let r = catch_unwind(|| {
        run_test(async |_: Scope| {
            scope(async |s: Scope| {
                s.launch(async {
                    delay(ms(1)).await;
                    panic!("child")
                });
                P
            })
            .await;
        })
    });
    assert_eq!(r.unwrap_err().downcast_ref::<&str>(), Some(&"child"));
}

#[test]
fn blocking_in_a_drop_while_unwinding_is_survived() {
    struct Blocks;
    impl Drop for Blocks {
        fn drop(&mut self) {
            assert_eq!(run_blocking(async |_| 5), 5);
        }
    }
    let r = catch_unwind(|| {
        let _blocks = Blocks;
        panic!("unwinding");
    });
    assert_eq!(r.unwrap_err().downcast_ref::<&str>(), Some(&"unwinding"));
}

thread_local! {
    static VALUE: Cell<u32> = const { Cell::new(0) };
}
struct Value(u32);
impl Element for Value {}
impl ThreadElement for Value {
    type Saved = u32;
    fn update(&self) -> u32 {
        VALUE.replace(self.0)
    }
    fn restore(&self, saved: u32) {
        VALUE.set(saved)
    }
}
struct Sees(Arc<Mutex<Vec<u32>>>);
impl Drop for Sees {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(VALUE.get())
    }
}

#[test]
fn what_is_dropped_in_a_with_context_finds_its_thread_elements() {
    run_test(async |s: Scope| {
        let seen: Arc<Mutex<Vec<u32>>> = Arc::default();
        let sees = Sees(seen.clone());
        let job = s.launch(with_context(thread_element(Value(7)), async move {
            let _sees = sees;
            delay(Duration::MAX).await
        }));
        delay(ms(1)).await;
        job.cancel_and_join("x").await;
        assert_eq!(*seen.lock().unwrap(), [7]);
    });
}
