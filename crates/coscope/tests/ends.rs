//! What must end: orders of cancel, drop and failure in which somebody could be left waiting for ever.
#![allow(missing_docs, clippy::disallowed_methods, clippy::type_complexity)] // tests catch what they provoke

use ::core::prelude::v1::test; // and not that of coscope
use coscope::prelude::*;
use coscope::*;
use coscope_test::run_test;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn a_step_may_block_any_number_of_times() {
    run_blocking(async |_| {
        for n in 0..300 {
            assert_eq!(run_blocking(async move |_| n), n);
        }
    });
}

#[test]
fn a_late_child_of_a_waiting_scope_fails_it() {
    run_test(async |s: Scope| {
        let handle = CompletableDeferred::<Scope>::new();
        let give = handle.clone();
        let outside = s.spawn(async move {
            let inner = handle.wait().await.unwrap();
            delay(ms(10)).await;
            inner.launch(async { panic!("late") });
        });
        let body: Boxed<()> = Box::pin(scope(async move |inner: Scope| {
            assert!(give.complete(inner.clone()).is_ok());
            std::future::pending::<()>().await
        }));
        let failed = supervisor_scope(async |s: Supervisor| s.spawn(body).await).await;
        assert!(failed.unwrap_err().to_string().contains("late"));
        outside.await;
    });
}

#[test]
fn cancel_children_reaches_what_hangs_below_a_job_without_a_body() {
    run_test(async |s: Scope| {
        let j = s.launch(async {
            let job = current_job().new_child();
            let child = job.scope().launch(delay(Duration::MAX));
            yield_now().await;
            current_job().cancel_children("enough");
            child.join().await;
            assert!(child.is_cancelled());
            job.complete();
        });
        j.join().await;
    });
}

#[test]
fn cancel_children_leaves_a_scope_inside_the_body_with_an_end() {
    run_test(async |s: Scope| {
        let coroutine = s.spawn(async {
            scope(async |inner: Scope| {
                inner.launch(delay(Duration::MAX));
                let cut = inner.spawn(delay(Duration::MAX)).outcome().await;
                assert!(cut.unwrap_err().is_cancelled());
                7
            })
            .await
        });
        delay(ms(10)).await;
        coroutine.job().cancel_children("only them");
        assert_eq!(coroutine.await, 7);
    });
}

#[test]
fn cancel_children_awaited_plainly_panics_rather_than_hangs() {
    run_test(async |s: Scope| {
        let r = supervisor_scope(async |sup: Supervisor| {
            let job = sup.spawn(async { scope(async |i: Scope| i.spawn(delay(Duration::MAX)).await).await });
            delay(ms(10)).await;
            job.job().cancel_children("only them");
            job.await
        })
        .await;
        assert!(matches!(r, Err(JoinError::Panicked { .. })), "{r:?}");
        drop(s);
    });
}

#[test]
fn a_lazy_coroutine_that_only_a_completed_child_knew_is_cancelled() {
    run_blocking(async |s: Scope| {
        let lazy = s.start(Start::Lazy).launch(async {});
        let child = lazy.new_child();
        drop(lazy);
        child.complete();
        s.launch(async move {
            delay(ms(5)).await; // the body has ended
            drop(child);
        });
    });
}

#[test]
fn a_cancelled_job_without_a_body_completes() {
    run_test(async |_: Scope| {
        let job = Job::new();
        let plain = (*job).clone();
        let child = job.scope().launch(delay(Duration::MAX));
        plain.cancel_and_join("x").await;
        assert!(child.is_completed());
        assert!(!job.complete());
    });
}

#[test]
fn a_cancelled_coroutine_scope_completes() {
    run_test(async |_: Scope| {
        let owned = CoroutineScope::new(current_context());
        owned.launch(delay(Duration::MAX));
        owned.cancel("x");
        owned.job().join().await;
    });
}

#[test]
fn a_job_below_a_cancelled_coroutine_completes() {
    run_test(async |s: Scope| {
        let keep: Arc<Mutex<Option<CompletableJob>>> = Arc::default();
        let kept = keep.clone();
        let j = s.launch(async move {
            *kept.lock().unwrap() = Some(current_job().new_child());
            delay(Duration::MAX).await
        });
        delay(ms(1)).await;
        j.cancel_and_join("x").await;
        drop(keep);
    });
}

#[test]
fn a_shield_that_ends_elsewhere_lets_the_timeout_go() {
    run_test(async |s: Scope| {
        let place: Arc<Mutex<Option<Boxed<()>>>> = Arc::default();
        let taken = place.clone();
        s.launch(async move {
            delay(ms(50)).await;
            let shielded = taken.lock().unwrap().take();
            drop(shielded);
        });
        let r = with_timeout(ms(10), async {
            let mut shielded: Boxed<()> = Box::pin(shield(delay(Duration::MAX)));
            let _ = futures::poll!(&mut shielded);
            *place.lock().unwrap() = Some(shielded);
            std::future::pending::<()>().await
        })
        .await;
        assert!(r.is_err());
        assert_eq!(now().as_nanos(), 1 + 50_000_000);
    });
}

#[test]
fn a_frame_deferred_whose_child_was_lost_panics() {
    run_test(async |_: Scope| {
        let mut lost = None;
        let r: Result<(), &str> = try_frame_scope(async |s: FrameScope<'_, &str>| {
            lost = Some(s.spawn(delay(Duration::MAX)));
            yield_now().await;
            Err("no")
        })
        .await;
        assert_eq!(r, Err("no"));
        let r = supervisor_scope(async |s: Supervisor| s.spawn(lost.unwrap()).await).await;
        assert!(matches!(r, Err(JoinError::Panicked { .. })), "{r:?}");
    });
}

#[test]
fn a_frame_scope_handle_used_after_the_end_panics_at_the_await() {
    run_test(async |_: Scope| {
        let handle = frame_scope(async |s: FrameScope<'_>| s.clone()).await;
        let late = handle.spawn(async { 1 });
        let r = catch_unwind(AssertUnwindSafe(|| futures::executor::block_on(late)));
        assert!(r.is_err());
    });
}

#[test]
fn blocking_clean_up_in_drops_runs_while_a_coroutine_is_cut() {
    /// Cleans up as people without async clean-up do.
    struct Blocks(Arc<Mutex<u32>>);
    impl Drop for Blocks {
        fn drop(&mut self) {
            let done = self.0.clone();
            run_blocking(async move |_| {
                yield_now().await;
                *done.lock().unwrap() += 1;
            });
        }
    }
    let done: Arc<Mutex<u32>> = Arc::default();
    let (one, two, three) = (done.clone(), done.clone(), done.clone());
    run_test(async |s: Scope| {
        let job = s.launch(async move {
            let _both = (Blocks(one), Blocks(two));
            scope(async |_: Scope| {
                let _inside = Blocks(three);
                delay(Duration::MAX).await;
            })
            .await;
        });
        yield_now().await;
        job.cancel_and_join("cut").await;
    });
    assert_eq!(*done.lock().unwrap(), 3);
}

#[test]
fn a_region_without_children_that_was_moved_out_of_its_coroutine_is_closed() {
    run_test(async |s: Scope| {
        let stash: Arc<Mutex<Option<Boxed<()>>>> = Arc::default();
        let into = stash.clone();
        s.launch(async move {
            let mut inside: Boxed<()> = Box::pin(scope(async |_: Scope| delay(ms(10)).await));
            assert!(futures::future::poll_immediate(&mut inside).await.is_none());
            *into.lock().unwrap() = Some(inside);
        })
        .join()
        .await;
        let left = stash.lock().unwrap().take().unwrap();
        let polled = supervisor_scope(async |s: Supervisor| s.spawn(left).await).await;
        assert!(polled.unwrap_err().to_string().contains("after the coroutine that it belongs to had ended"));
    });
}

#[test]
fn a_panic_before_the_body_of_a_scope_waits_for_its_children() {
    run_test(async |_: Scope| {
        let began = now();
        let ended = Arc::new(Mutex::new(false));
        let seen = ended.clone();
        let opened = scope(move |s: Scope| {
            s.start(Start::Undispatched).launch(async move {
                shield(delay(ms(30))).await;
                *seen.lock().unwrap() = true;
            });
            if now() == began {
                panic!("before the body");
            }
            std::future::ready(())
        });
        let panicked = futures::FutureExt::catch_unwind(AssertUnwindSafe(opened)).await;
        assert!(panicked.is_err());
        assert!(*ended.lock().unwrap());
        assert_eq!(now() - began, ms(30));
    });
}

#[test]
fn a_handle_that_is_given_away_in_the_first_poll_launches_or_is_refused() {
    run_blocking(async |_| {
        let gone = Arc::new(());
        let mut givers = Vec::new();
        for _ in 0..500 {
            let held = gone.clone();
            let giver = scope(async |s: Scope| {
                detached().on(Dispatchers::default()).launch(async move {
                    s.launch(async move { drop(held) });
                })
            });
            givers.push(giver.await);
        }
        join_all(givers).await;
        assert_eq!(Arc::strong_count(&gone), 1);
    });
}
