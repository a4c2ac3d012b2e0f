//! Regions and moves in foreign hands: tokio, `futures::executor::block_on`, `FuturesUnordered`, `select!`. Hunts lost
//! wakes behind foreign wakers, children that survive their dropped scope, branches that spin, and messages that do not
//! say what to do instead.
#![allow(clippy::async_yields_async, missing_docs, clippy::disallowed_methods)]

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::task::Poll;
use std::time::Duration;

use coscope::prelude::*;
use coscope::{collect_scope, run_to_completion};
use futures::stream::{FuturesUnordered, StreamExt};

/// A test that hangs is a failure, not a stop.
fn in_time<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    let (tx, rx) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(test));
        let _ = tx.send(());
        result
    });
    assert_ne!(rx.recv_timeout(Duration::from_secs(30)), Err(mpsc::RecvTimeoutError::Timeout), "it hangs");
    thread.join().unwrap().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}

fn tokio() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

/// Says when it is dropped.
struct Says(&'static str, mpsc::Sender<&'static str>);
impl Drop for Says {
    fn drop(&mut self) {
        let _ = self.1.send(self.0);
    }
}

fn message(payload: Box<dyn std::any::Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().expect("a text").to_string(),
    }
}

async fn sums() -> u64 {
    let plain = scope(async |s: Scope| {
        let parts: Vec<_> = (0..100).map(|i| s.spawn(async move { i })).collect();
        await_all(parts).await.iter().sum::<u64>()
    })
    .await;
    let tried: Result<u64, String> = try_scope(async |s: Scope<String>| {
        let one = s.try_spawn(async { Ok::<_, String>(1) });
        let two = s.on(Dispatchers::io()).try_spawn(async { Ok::<_, String>(2) });
        Ok(one.await + two.await)
    })
    .await;
    let supervised = supervisor_scope(async |s: Supervisor| {
        let lost = s.try_spawn(async { Err::<u64, _>("no") });
        let kept = s.spawn(async { 4 });
        assert_eq!(lost.await.unwrap_err().into_error(), Some("no"));
        kept.await.unwrap()
    })
    .await;
    let gathered = collect_scope(async |s: coscope::Collector<u64>| {
        s.try_launch(async { Err(8u64) });
        s.try_launch(async { Err(16u64) });
    })
    .await
    .unwrap_err();
    let gathered: u64 = gathered.into_iter().map(|error| error.into_error().unwrap()).sum();
    plain + tried.unwrap() + supervised + gathered + run_to_completion(async { 32 }).await
}

const SUM: u64 = 4950 + 3 + 4 + 24 + 32;

#[test]
fn every_scope_works_under_tokio() {
    in_time(|| {
        let tokio = tokio();
        let tasks: Vec<_> = (0..8).map(|_| tokio.spawn(sums())).collect();
        for task in tasks {
            assert_eq!(tokio.block_on(task).unwrap(), SUM);
        }
    });
}

#[test]
fn every_scope_works_under_a_plain_block_on() {
    in_time(|| assert_eq!(futures::executor::block_on(sums()), SUM));
}

#[test]
fn every_scope_works_inside_futures_unordered() {
    in_time(|| {
        let all = |n: usize| async move {
            let all: FuturesUnordered<_> = (0..n).map(|_| sums()).collect();
            all.collect::<Vec<u64>>().await
        };
        assert_eq!(futures::executor::block_on(all(10)), [SUM; 10]);
        assert_eq!(run_blocking(async |_: Scope| all(10).await), [SUM; 10]);
    });
}

#[test]
fn a_childs_error_wakes_the_foreign_task_of_its_scope() {
    in_time(|| {
        let failed: Result<(), &str> = tokio().block_on(try_scope(async |s: Scope<&'static str>| {
            s.try_launch(async { Err::<(), _>("first") });
            pending().await
        }));
        assert_eq!(failed, Err("first"));
    });
}

#[test]
fn a_childs_panic_is_resumed_in_the_foreign_task() {
    in_time(|| {
        let task = tokio();
        let task = task.spawn(scope(|s: Scope| async move {
            s.launch(async { std::panic::resume_unwind(Box::new("boom")) });
            pending::<()>().await
        }));
        let error = futures::executor::block_on(task).unwrap_err();
        assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "boom");
    });
}

#[test]
fn timeouts_fire_under_foreign_executors() {
    in_time(|| {
        let late = || with_timeout(Duration::from_millis(2), pending::<()>());
        assert_eq!(futures::executor::block_on(late()).unwrap_err().after(), Duration::from_millis(2));
        assert_eq!(tokio().block_on(late()).unwrap_err().after(), Duration::from_millis(2));
        assert_eq!(futures::executor::block_on(with_timeout(Duration::MAX, async { 7 })), Ok(7));
    });
}

#[test]
fn dropped_half_way_by_tokio_select_its_children_are_cut_and_cleaned_up() {
    in_time(|| {
        let (tx, rx) = mpsc::channel();
        let chosen = tokio().block_on(async {
            let (begun, has_begun) = tokio::sync::oneshot::channel();
            let child = async move {
                let _says = Says("child", tx.clone());
                let says = Says("clean-up", tx);
                let _ = begun.send(());
                pending::<()>().finally(async move { drop(says) }).await;
            };
            tokio::select! {
                () = scope(async |s: Scope| { s.launch(child); pending().await }) => "scope",
                _ = has_begun => "begun",
            }
        });
        assert_eq!(chosen, "begun");
        let mut said = [rx.recv().unwrap(), rx.recv().unwrap()];
        said.sort_unstable();
        assert_eq!(said, ["child", "clean-up"]);
    });
}

#[test]
fn an_aborted_tokio_task_takes_its_scope_with_it() {
    in_time(|| {
        let (tx, rx) = mpsc::channel();
        let (begun, has_begun) = mpsc::channel();
        let tokio = tokio();
        let task = tokio.spawn(scope(|s: Scope| async move {
            s.launch(async move {
                let _says = Says("child", tx);
                begun.send(()).unwrap();
                pending::<()>().await;
            });
            pending::<()>().await;
        }));
        has_begun.recv().unwrap();
        task.abort();
        assert!(tokio.block_on(task).unwrap_err().is_cancelled());
        assert_eq!(rx.recv(), Ok("child"));
    });
}

#[test]
fn a_coroutine_waits_for_a_scope_that_select_dropped_inside_it() {
    in_time(|| {
        let (tx, rx) = mpsc::channel();
        run_blocking(async |_: Scope| {
            let begun = coscope::CompletableDeferred::new();
            let child = {
                let begun = begun.clone();
                async move {
                    begun.complete(()).unwrap();
                    shield(async {
                        for _ in 0..20 {
                            yield_now().await;
                        }
                        tx.send("the child's shield").unwrap();
                    })
                    .await;
                }
            };
            let both = scope(async |s: Scope| {
                s.launch(child);
                pending::<()>().await
            });
            tokio::select! { () = both => unreachable!("it never ends"), _ = begun.wait() => {} }
        });
        assert_eq!(
            rx.try_recv(),
            Ok("the child's shield"),
            "run_blocking returned before the child had ended"
        );
    });
}

#[test]
fn a_scope_may_move_from_task_to_task() {
    in_time(|| {
        let tokio = tokio();
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let mut future: Pin<Box<dyn Future<Output = u8> + Send>> = Box::pin(scope(|s: Scope| async move {
            s.spawn(async move { gone.await.map(|()| 9).unwrap() }).await
        }));
        let future = tokio.block_on(async move {
            assert!(poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await);
            future
        });
        let task = tokio.spawn(future); // another waker
        go.send(()).unwrap();
        assert_eq!(tokio.block_on(task).unwrap(), 9);
    });
}

#[test]
fn with_context_under_a_foreign_executor_names_run_on() {
    in_time(|| {
        let io = Dispatchers::io();
        let polled = Arc::new(AtomicUsize::new(0));
        let body = {
            let polled = polled.clone();
            async move {
                polled.fetch_add(1, SeqCst);
            }
        };
        let payload = catch_unwind(AssertUnwindSafe(|| futures::executor::block_on(with_context(io, body))))
            .unwrap_err();
        let text = message(payload);
        assert!(text.contains("run_on(dispatcher, future).await"), "{text}");
        assert!(text.contains("foreign.rs"), "{text}");
        assert_eq!(polled.load(SeqCst), 0);

        let task = tokio();
        let task = task.spawn(with_context(Dispatchers::default(), async {}));
        let text = message(futures::executor::block_on(task).unwrap_err().into_panic());
        assert!(text.contains("run_on(dispatcher, future).await"), "{text}");
    });
}

#[test]
fn with_context_changes_elements_anywhere() {
    in_time(|| {
        let name = || async { coscope::current_context().name().map(str::to_owned) };
        assert_eq!(
            futures::executor::block_on(with_context(CoroutineName::new("x"), name())).as_deref(),
            Some("x")
        );
        assert_eq!(futures::executor::block_on(name()), None);
        assert_eq!(tokio().block_on(with_context(CoroutineName::new("y"), name())).as_deref(), Some("y"));
    });
}

#[test]
fn with_context_in_a_pinned_coroutine_names_run_on() {
    in_time(|| {
        let text = run_local(async |s: LocalScope| {
            let there = s.spawn(async {
                let moved = AssertUnwindSafe(with_context(Dispatchers::default(), async {}));
                futures::FutureExt::catch_unwind(moved).await.unwrap_err()
            });
            message(there.await)
        });
        assert!(text.contains("run_on(dispatcher, future).await"), "{text}");
    });
}

#[test]
fn run_on_works_everywhere() {
    in_time(|| {
        fn there() -> impl Future<Output = String> + Send {
            run_on(Dispatchers::single_thread("there"), async {
                yield_now().await;
                std::thread::current().name().unwrap_or_default().to_owned()
            })
        }
        assert_eq!(futures::executor::block_on(there()), "there");
        assert_eq!(tokio().block_on(there()), "there");
        assert_eq!(run_blocking(async |_: Scope| there().await), "there");
        assert_eq!(run_local(async |_: LocalScope| there().await), "there");
        let many = async {
            let all: FuturesUnordered<_> = (0..5).map(|_| there()).collect();
            all.collect::<Vec<_>>().await
        };
        assert_eq!(run_blocking(async |_: Scope| many.await), ["there"; 5]);
    });
}

/// Counts the polls of what it wraps.
struct Counted<F>(Pin<Box<F>>, Arc<AtomicUsize>);
impl<F: Future> Future for Counted<F> {
    type Output = F::Output;
    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        self.1.fetch_add(1, SeqCst);
        self.0.as_mut().poll(cx)
    }
}

/// Three branches, each on a dispatcher of its own, each waiting for what a thread gives it when all are away.
fn branches(
    polls: &Arc<AtomicUsize>,
    all_away: &Arc<Barrier>,
) -> Vec<Counted<impl Future<Output = String> + Send + use<>>> {
    (0..3)
        .map(|i| {
            let own = Dispatchers::single_thread(&format!("branch {i}"));
            let all_away = all_away.clone();
            let body = async move {
                let begin = std::thread::current().name().unwrap().to_owned();
                let answer = coscope::CompletableDeferred::new();
                let asked = answer.clone();
                std::thread::spawn(move || {
                    all_away.wait(); // no branch has its answer before all have asked
                    asked.complete(()).unwrap();
                });
                answer.wait().await.unwrap();
                assert_eq!(std::thread::current().name(), Some(&*begin), "it came back elsewhere");
                begin
            };
            Counted(Box::pin(with_context(own, body)), polls.clone())
        })
        .collect()
}

#[test]
fn branches_on_several_dispatchers_do_not_spin_in_futures_unordered() {
    in_time(|| {
        let (polls, all_away) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(3)));
        let branches = branches(&polls, &all_away);
        let mut names = run_blocking(async move |_: Scope| {
            let all: FuturesUnordered<_> = branches.into_iter().collect();
            all.collect::<Vec<_>>().await
        });
        names.sort();
        assert_eq!(names, ["branch 0", "branch 1", "branch 2"]);
        // three branches: out, asked, answered, back; and a few polls in a slot that is another's
        let polls = polls.load(SeqCst);
        assert!(polls <= 60, "{polls} polls for three branches");
    });
}

#[test]
fn branches_on_several_dispatchers_do_not_spin_in_join() {
    in_time(|| {
        let (polls, all_away) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(3)));
        let branches = branches(&polls, &all_away);
        let names = run_blocking(async move |_: Scope| futures::future::join_all(branches).await);
        assert_eq!(names, ["branch 0", "branch 1", "branch 2"]);
        let polls = polls.load(SeqCst);
        assert!(polls <= 90, "{polls} polls for three branches");
    });
}

#[test]
fn a_select_drops_a_branch_that_is_away() {
    in_time(|| {
        let (tx, rx) = mpsc::channel();
        run_blocking(async |_: Scope| {
            let own = Dispatchers::single_thread("away");
            let says = Says("the branch", tx);
            let is_away = coscope::CompletableDeferred::new();
            let tells = is_away.clone();
            let away = with_context(own, async move {
                let _says = says;
                tells.complete(()).unwrap();
                pending::<()>().await;
            });
            let away = pin!(away);
            futures::future::select(away, pin!(is_away.wait())).await;
        });
        assert_eq!(rx.recv(), Ok("the branch"));
    });
}

#[test]
fn with_context_under_a_foreign_block_on_inside_a_coroutine_says_why() {
    in_time(|| {
        let payload = catch_unwind(|| {
            run_blocking(async |s: Scope| {
                s.on(Dispatchers::default())
                    .spawn(async {
                        futures::executor::block_on(async {
                            let moved = pin!(with_context(Dispatchers::single_thread("x"), async {}));
                            let mut moved = moved;
                            // a loop that polls without parking, as many home-made ones do
                            loop {
                                if let Poll::Ready(()) = futures::poll!(&mut moved) {
                                    break;
                                }
                            }
                        });
                    })
                    .await;
            });
        })
        .unwrap_err();
        let text = message(payload);
        assert!(text.contains("a foreign block_on inside a coroutine"), "{text}");
        assert!(text.contains("Await it instead"), "{text}");
    });
}

#[test]
fn with_context_under_a_parking_block_on_inside_a_coroutine_says_why() {
    in_time(|| {
        let payload = catch_unwind(|| {
            run_blocking(async |s: Scope| {
                let inner =
                    || futures::executor::block_on(with_context(Dispatchers::single_thread("x"), async {}));
                s.on(Dispatchers::default()).spawn(async move { inner() }).await;
            });
        })
        .unwrap_err();
        let text = message(payload);
        assert!(text.contains("a foreign block_on inside a coroutine"), "{text}");
    });
}
