//! Dispatchers as coroutines see them: the main one unset, immediate ones, several at once, nested
//! loops, loops that have gone, threads at their end. Hunts hangs and code that runs where it does not belong.
#![allow(missing_docs, clippy::disallowed_methods)] // tests catch what they provoke

use ::core::prelude::v1::test; // and not that of coscope
use coscope::prelude::*;
use coscope::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

fn thread_name() -> String {
    std::thread::current().name().unwrap_or("").to_owned()
}

/// The main dispatcher is one for the whole process: one test at a time.
fn main_is_mine() -> MutexGuard<'static, ()> {
    static MINE: Mutex<()> = Mutex::new(());
    MINE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[test]
fn a_launch_on_an_unset_main_dispatcher_panics_and_its_scope_ends() {
    let _mine = main_is_mine();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        run_blocking(async |s: Scope| {
            s.on(Dispatchers::main()).launch(async {});
        });
    }));
    let message = *failed.unwrap_err().downcast::<String>().unwrap();
    assert!(message.starts_with("no main dispatcher"), "{message}");
}

#[test]
fn the_slot_of_the_step_under_way_is_not_given_to_another_dispatcher() {
    use futures::FutureExt;
    let (here, there) = run_blocking(async |s: Scope| {
        s.on(Dispatchers::default())
            .spawn(async {
                let (tx, rx) = futures::channel::oneshot::channel();
                let first = with_context(Dispatchers::single_thread("first"), async move {
                    tx.send(()).unwrap();
                    std::future::pending::<()>().await
                });
                let (mut first, mut rx) = (Box::pin(first.fuse()), rx.fuse());
                futures::select_biased! { () = first => {}, _ = rx => {} }
                drop(first);
                let here = thread_name(); // foreign code goes on in whatever step polls it
                (here, with_context(Dispatchers::single_thread("second"), async { thread_name() }).await)
            })
            .await
    });
    assert_eq!((here.as_str(), there.as_str()), ("first", "second"));
}

#[test]
fn an_immediate_dispatcher_keeps_a_coroutine_that_happens_to_be_on_its_thread() {
    let _mine = main_is_mine();
    let ui = Dispatchers::single_thread("ui");
    Dispatchers::set_main(ui.clone());
    let names = run_blocking(async |s: Scope| {
        s.on(ui)
            .spawn(scope(async |s: Scope| {
                let guest = s.on(Dispatchers::default()).start(Start::Undispatched).spawn(async {
                    let body = async {
                        let first = thread_name();
                        yield_now().await;
                        [first, thread_name()]
                    };
                    let inside = with_context(Dispatchers::main_immediate(), body).await;
                    (inside, thread_name())
                });
                guest.await
            }))
            .await
    });
    Dispatchers::reset_main();
    assert_eq!(names.0, ["ui", "ui"]);
    assert!(names.1.starts_with("DefaultDispatcher-worker-"), "{}", names.1);
}

#[test]
fn what_needs_no_dispatch_begins_and_ends_here_and_now() {
    use futures::FutureExt;
    run_blocking(async |s: Scope| {
        s.launch(async {
            assert_eq!(with_context(Dispatchers::unconfined(), async { 7 }).now_or_never(), Some(7));
        });
    });
}

#[test]
fn a_loop_inside_an_unconfined_step_runs_its_unconfined_children() {
    let unconfined = || Dispatchers::unconfined();
    let sum = run_blocking_on(unconfined(), async |s: Scope| {
        let nested = s.spawn(async move {
            run_blocking_on(unconfined(), async |s: Scope| {
                s.spawn(async { yield_now().await }).await;
                s.spawn(async { 3 }).await
            })
        });
        nested.await + run_blocking(async move |s: Scope| s.on(unconfined()).spawn(async { 4 }).await)
    });
    assert_eq!(sum, 7);
}

#[test]
fn a_thread_local_may_block_on_coroutines_at_the_end_of_its_thread() {
    struct Goodbye;
    impl Drop for Goodbye {
        fn drop(&mut self) {
            run_blocking(async |s: Scope| {
                s.launch(delay(Duration::from_millis(1)));
                s.on(Dispatchers::default()).spawn(async {}).await;
                s.on(Dispatchers::unconfined()).spawn(async {}).await;
            });
        }
    }
    thread_local! {
        static FIRST: Goodbye = const { Goodbye };
        static LAST: Goodbye = const { Goodbye };
    }
    let thread = std::thread::spawn(|| {
        FIRST.with(|_| ());
        run_blocking(async |_| delay(Duration::from_millis(1)).await);
        LAST.with(|_| ());
    });
    thread.join().unwrap();
}

#[test]
fn the_thread_that_fires_late_timers_runs_no_coroutine() {
    let permits = pool_metrics().cpu_permits;
    // the pool is busy until the unconfined coroutine has gone on, which only the watch can bring about
    let on = run_blocking(async |s: Scope| {
        let (tx, rx) = std::sync::mpsc::channel::<()>();
        let rx = std::sync::Arc::new(Mutex::new(rx));
        for _ in 0..permits {
            let rx = rx.clone();
            s.on(Dispatchers::default()).launch(async move {
                let _ = rx.lock().unwrap().recv_timeout(Duration::from_millis(50));
            });
        }
        let late = s.on(Dispatchers::unconfined()).spawn(async move {
            delay(Duration::from_millis(10)).await;
            drop(tx);
            thread_name()
        });
        late.await
    });
    assert_ne!(on, "coscope-timer");
}

#[test]
fn what_sleeps_on_the_clock_of_a_loop_that_has_gone_still_wakes() {
    let sleep = Duration::from_millis(20);
    // a coroutine at home on the loop: cancelled when it wakes, since its dispatcher has closed
    let (owned, job) = run_blocking(async |_| {
        let owned = CoroutineScope::new(current_context());
        let job = owned.start(Start::Undispatched).launch(delay(sleep));
        (owned, job)
    });
    run_blocking(async |_| owned.join().await);
    assert!(job.is_cancelled());

    // a wait begun on a loop, ended on another: not before its time
    let started = now();
    let mut wait = Box::pin(delay(sleep));
    run_blocking(async |_| assert!(futures::poll!(&mut wait).is_pending()));
    run_blocking(async |_| wait.await);
    assert!(now() - started >= sleep);
}
