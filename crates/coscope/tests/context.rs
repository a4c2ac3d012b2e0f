//! Elements of context: what is set around which code, and what becomes of a coroutine whose element
//! panics. Hunts hangs of the scope around, and thread-locals that a destructor does not find.
#![allow(missing_docs, clippy::disallowed_methods)] // tests catch what they provoke

use ::core::prelude::v1::test; // and not that of coscope
use coscope::context::{Element, ThreadElement, thread_element};
use coscope::prelude::*;
use coscope::*;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// Panics in the call of that number, of `update` or of `restore`.
struct Faulty {
    calls: AtomicUsize,
    at: usize,
    in_restore: bool,
}

impl Faulty {
    fn call(&self) {
        assert!(self.calls.fetch_add(1, SeqCst) != self.at, "a faulty element");
    }
}

impl Element for Faulty {}
impl ThreadElement for Faulty {
    type Saved = ();
    fn update(&self) {
        if !self.in_restore {
            self.call();
        }
    }
    fn restore(&self, (): ()) {
        if self.in_restore {
            self.call();
        }
    }
}

fn message(payload: Box<dyn std::any::Any + Send>) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[test]
fn a_thread_element_that_panics_fails_its_coroutine() {
    for in_restore in [false, true] {
        // polled twice, then dropped: the last of the three is reported only
        for at in 0..3 {
            let failed = catch_unwind(|| {
                run_blocking(async move |s: Scope| {
                    let faulty = Faulty { calls: AtomicUsize::new(0), at, in_restore };
                    s.on(Dispatchers::default()).on(thread_element(faulty)).launch(yield_now());
                })
            });
            assert_eq!(failed.err().map(message), (at < 2).then(|| "a faulty element".to_owned()));
        }
    }
}

#[test]
fn the_panic_of_the_body_comes_before_that_of_an_element() {
    for inside in [false, true] {
        let failed = catch_unwind(AssertUnwindSafe(|| {
            run_blocking(async move |s: Scope| {
                let element = thread_element(Faulty { calls: AtomicUsize::new(0), at: 0, in_restore: true });
                let body = async { panic!("of the body") };
                if inside {
                    s.launch(with_context(element, body));
                } else {
                    s.on(element).launch(body);
                }
            })
        }));
        assert_eq!(failed.err().map(message).as_deref(), Some("of the body"));
    }
}

thread_local!(static LEVEL: Cell<u32> = const { Cell::new(0) });

struct Level(u32);
impl Element for Level {}
impl ThreadElement for Level {
    type Saved = u32;
    fn update(&self) -> u32 {
        LEVEL.replace(self.0)
    }
    fn restore(&self, saved: u32) {
        LEVEL.set(saved);
    }
}

/// Notes what the thread-local holds when it is dropped.
struct Looks(Arc<AtomicU32>);
impl Drop for Looks {
    fn drop(&mut self) {
        self.0.store(LEVEL.get(), SeqCst);
    }
}

#[test]
fn what_is_cut_inside_a_with_context_is_dropped_with_its_thread_elements() {
    let seen = Arc::new(AtomicU32::new(0));
    let looks = Looks(seen.clone());
    run_blocking(async move |s: Scope| {
        let waits = CompletableDeferred::new();
        let waiting = waits.clone();
        let job = s.on(Dispatchers::default()).launch(with_context(thread_element(Level(7)), async move {
            let _looks = looks;
            waiting.complete(()).unwrap();
            delay(Duration::MAX).await;
        }));
        waits.wait().await.unwrap();
        job.cancel_and_join("enough").await;
    });
    assert_eq!(seen.load(SeqCst), 7);
}
