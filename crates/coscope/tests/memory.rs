//! What a coroutine costs, and how deep and how many they may be. Hunts allocations beyond the one, memory that is not
//! given back, and recursion over trees (in cancel, completion or drop) that overflows a small stack.
//!
//! The allocator counts for the whole process, so the tests take turns.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use coscope::prelude::*;
use coscope_test::{Test, TestScope, run_test};

struct Counting;
static BYTES: AtomicIsize = AtomicIsize::new(0);
thread_local! {
    /// Allocations of this thread: the harness has threads of its own.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: forwards to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size() as isize, SeqCst);
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as isize, SeqCst);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bytes() -> isize {
    BYTES.load(SeqCst)
}
fn calls() -> usize {
    CALLS.with(Cell::get)
}

/// Runs `f` on a thread with this much stack.
fn on_a_stack_of<T: Send + 'static>(bytes: usize, f: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(bytes).spawn(f).unwrap().join().unwrap()
}

const HOUR: Duration = Duration::from_secs(3600);

async fn sleeper() {
    coscope::delay(HOUR).await;
}

/// Launches in portions, so that the queue of the loop stays small.
async fn launch_sleepers(s: &Scope, n: usize) {
    for i in 0..n {
        s.launch(sleeper());
        if i % 512 == 511 {
            yield_now().await;
        }
    }
    yield_now().await;
}

#[test]
fn an_idle_coroutine_takes_at_most_256_bytes_in_one_block() {
    const N: usize = 100_000;
    let _turn = turn();
    run_test(async |s: Scope| {
        launch_sleepers(&s, 1000).await; // tables of the loop and of the timers
        let (bytes_before, calls_before) = (bytes(), calls());
        launch_sleepers(&s, N).await;
        let (taken, made) = (bytes() - bytes_before, calls() - calls_before);
        let each = taken as f64 / N as f64 - size_of_val(&sleeper()) as f64;
        assert_eq!(s.children().len(), N + 1000);
        assert!(each <= 256.0, "{each} bytes beside the future");
        // blocks are cut from chunks of 16 KiB
        let chunks = taken.unsigned_abs() / (16 * 1024);
        assert!((chunks..=chunks + 16).contains(&made), "{made} allocations for {N} coroutines");
        s.cancel_children("measured");
    });
}

#[test]
fn a_spawn_uses_memory_again() {
    const N: usize = 10_000;
    let _turn = turn();
    let (made, again) = run_test(async |s: Scope| {
        let mut kept = Vec::with_capacity(N);
        let launch =
            |kept: &mut Vec<_>, n| kept.extend((0..n).map(|_| s.named("a literal").spawn(async { 1 })));
        let before = calls();
        launch(&mut kept, N); // the loop's queue grows to its size
        assert!((1..N / 16).contains(&(calls() - before)), "does the counter count?");
        for deferred in kept.drain(..) {
            assert_eq!(deferred.await, 1);
        }
        let before = calls();
        launch(&mut kept, N);
        let made = calls() - before;
        for deferred in kept.drain(..) {
            assert_eq!(deferred.await, 1);
        }
        let before = calls();
        for _ in 0..N {
            assert_eq!(s.spawn(async { 1 }).await, 1);
        }
        (made, calls() - before)
    });
    assert_eq!(made, 0, "for as many at once as there were before");
    assert_eq!(again, 0, "for one spawn after the other, whose memory is used again");
}

async fn wave(n: usize) {
    scope(async |s: Scope| {
        for _ in 0..n {
            s.launch(yield_now());
        }
    })
    .await;
}

#[test]
fn wave_after_wave_takes_the_memory_of_one() {
    const WAVE: usize = 10_000;
    const WAVES: usize = 50;
    let _turn = turn();
    let made = run_test(async |_: Scope| {
        wave(WAVE).await;
        let before = calls();
        for _ in 1..WAVES {
            wave(WAVE).await;
        }
        calls() - before
    });
    assert_eq!(made, 0, "on one thread, after the first wave");

    // Of several threads each may hold blocks that another would need just then, but not more and more.
    let one_wave = (WAVE * 256) as isize;
    let spare = (1 + std::thread::available_parallelism().map_or(1, usize::from) as isize) * 1024 * 1024;
    let before = bytes();
    coscope::run_blocking_on(coscope::Dispatchers::default(), async |_: Scope| {
        for _ in 0..WAVES {
            wave(WAVE).await;
        }
    });
    let more = bytes() - before;
    assert!(more <= one_wave + spare, "{more} bytes after {WAVES} waves");
}

#[test]
fn what_is_empty_allocates_nothing() {
    let _turn = turn();
    let made = |round: &dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>>| {
        let run = async |times: usize| {
            for _ in 0..times {
                round().await;
            }
        };
        // The box that the round itself lies in is one; nothing else may be.
        futures_blocking(async {
            run(10).await;
            let before = calls();
            run(1000).await;
            calls() - before
        })
    };
    assert_eq!(made(&|| Box::pin(async {})), 1000);
    assert_eq!(made(&|| Box::pin(async { scope(async |_: Scope| {}).await })), 1000, "scope");
    assert_eq!(
        made(&|| Box::pin(async { assert_eq!(try_scope(async |_: Scope<u8>| Ok(())).await, Ok(())) })),
        1000,
        "try_scope"
    );
    assert_eq!(
        made(&|| Box::pin(async { supervisor_scope(async |_: Supervisor| {}).await })),
        1000,
        "supervisor_scope"
    );
    assert_eq!(
        made(&|| Box::pin(async { assert_eq!(with_timeout(HOUR, async { 1 }).await, Ok(1)) })),
        1000,
        "with_timeout"
    );
    assert_eq!(made(&|| Box::pin(shield(async {}))), 1000, "shield");
    assert_eq!(made(&|| Box::pin(yield_now())), 1000, "yield_now");
}

/// Runs a future that is not `Send` to its end, in a coroutine.
fn futures_blocking<T>(future: impl Future<Output = T>) -> T {
    run_local(async |_: LocalScope| future.await)
}

#[test]
fn everything_is_given_back() {
    let _turn = turn();
    let round = || {
        run_test(async |s: Scope| {
            launch_sleepers(&s, 1000).await;
            s.cancel_children("enough");
            let caught = try_scope(async |s: Scope<String>| {
                s.try_launch(async { Err::<(), _>("no") });
                s.launch(sleeper());
                pending::<Result<(), String>>().await
            })
            .await;
            assert_eq!(caught, Err("no".to_owned()));
            let _ = with_timeout(Duration::from_secs(1), async {
                scope(async |s: Scope| {
                    s.launch(sleeper().finally(async { yield_now().await }));
                    pending::<()>().await
                })
                .await
            })
            .await;
        });
    };
    for _ in 0..3 {
        round();
    }
    let before = bytes();
    for _ in 0..20 {
        round();
    }
    let more = bytes() - before;
    assert!(more < 16 * 1024, "{more} bytes more after 20 rounds");
}

#[test]
fn a_scope_dropped_half_way_is_given_back() {
    let _turn = turn();
    let round = || {
        run_test(async |s: Scope| {
            s.launch(async {
                for _ in 0..100 {
                    let begun = pin!(scope(async |s: Scope| {
                        s.launch(sleeper());
                        pending::<()>().await
                    }));
                    let mut begun = Some(begun);
                    std::future::poll_fn(move |cx| {
                        if let Some(mut scope) = begun.take() {
                            assert!(scope.as_mut().poll(cx).is_pending());
                        }
                        Poll::Ready(())
                    })
                    .await;
                }
            });
        });
    };
    round();
    let before = bytes();
    for _ in 0..20 {
        round();
    }
    let more = bytes() - before;
    // a block for each scope would be half a million; the harness and the depot have lists of their own
    assert!(more < 16 * 1024, "{more} bytes more after 20 rounds of 100 scopes");
}

#[test]
fn a_long_lived_coroutine_does_not_gather_what_it_dropped() {
    let _turn = turn();
    run_test(async |_: Scope| {
        let mut taken = [0; 2];
        for taken in &mut taken {
            let before = bytes();
            for _ in 0..1000 {
                {
                    let mut begun = pin!(scope(async |s: Scope| {
                        s.launch(sleeper());
                        pending::<()>().await
                    }));
                    assert!(futures::poll!(begun.as_mut()).is_pending());
                }
                yield_now().await;
                yield_now().await;
            }
            *taken = bytes() - before;
        }
        assert!(taken[1] < 16 * 1024, "{} bytes for 1000 scopes that are over", taken[1]);
    });
}

#[test]
fn a_million_sleepers_wake_in_virtual_time() {
    let _turn = turn();
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = woken.clone();
    on_a_stack_of(512 * 1024, move || {
        // how long a million takes is the machine's business
        Test::new().limit(HOUR).step_limit(HOUR).run(async |s: TestScope| {
            let begin = coscope::now();
            for i in 0..1_000_000u64 {
                let counter = counter.clone();
                s.launch(async move {
                    coscope::delay(Duration::from_millis(1 + i % 1000)).await;
                    counter.fetch_add(1, SeqCst);
                });
            }
            coscope::delay(Duration::from_secs(2)).await;
            assert_eq!(coscope::now() - begin, Duration::from_secs(2));
            assert_eq!(counter.load(SeqCst), 1_000_000);
            assert_eq!(s.children(), []);
        });
    });
    assert_eq!(woken.load(SeqCst), 1_000_000);
}

// ---- depth ---------------------------------------------------------------------------------------------------------

const DEEP: usize = 1_000_000;

fn chain_of_jobs(n: usize) -> Vec<coscope_core_job::CompletableJob> {
    let mut jobs = vec![Job::new()];
    for _ in 1..n {
        let next = jobs.last().unwrap().new_child();
        jobs.push(next);
    }
    jobs
}

/// The façade names no type for it.
mod coscope_core_job {
    pub(crate) use coscope_core::CompletableJob;
}

#[test]
fn a_deep_chain_of_jobs_is_cancelled_from_the_top() {
    let _turn = turn();
    on_a_stack_of(512 * 1024, || {
        coscope::detached(); // installs the runtime
        let jobs = chain_of_jobs(DEEP);
        assert!(jobs[0].cancel("from the top"));
        assert!(jobs[DEEP - 1].is_cancelled());
        assert_eq!(jobs[DEEP - 1].cancel_reason().unwrap().as_str(), "from the top");
        // without bodies there is nothing to wait for: the last one takes all above with it
        assert!(jobs.iter().all(|job| job.is_completed() && !job.complete()));
    });
}

#[test]
fn a_deep_chain_of_jobs_completes_in_one_cascade() {
    let _turn = turn();
    on_a_stack_of(512 * 1024, || {
        coscope::detached();
        let jobs = chain_of_jobs(DEEP);
        for job in &jobs[..DEEP - 1] {
            assert!(job.complete());
            assert!(!job.is_completed());
        }
        assert!(jobs[DEEP - 1].complete()); // the last one takes all above with it
        assert!(jobs.iter().all(|job| job.is_completed() && !job.is_cancelled()));
    });
}

#[test]
fn a_deep_chain_of_jobs_is_dropped_in_any_order() {
    let _turn = turn();
    let before = bytes();
    on_a_stack_of(512 * 1024, || {
        coscope::detached();
        for order in 0..4 {
            let mut jobs: Vec<_> = chain_of_jobs(DEEP / 4).into_iter().map(Some).collect();
            let last = Job::clone(jobs.last().unwrap().as_ref().unwrap());
            match order {
                0 => jobs.iter_mut().for_each(|job| drop(job.take())),
                1 => jobs.iter_mut().rev().for_each(|job| drop(job.take())),
                2 => {
                    // the odd ones first; then the rest from the leaf
                    jobs.iter_mut().skip(1).step_by(2).for_each(|job| drop(job.take()));
                    jobs.iter_mut().rev().for_each(|job| drop(job.take()));
                }
                _ => {
                    // all completed, so that the last plain handle alone holds the chain
                    jobs.iter().flatten().for_each(|job| {
                        job.complete();
                    });
                    drop(jobs);
                    assert!(last.is_completed() && !last.is_cancelled());
                    continue;
                }
            }
            assert!(last.is_completed() && last.is_cancelled());
        }
    });
    let more = bytes() - before;
    assert!(more < 64 * 1024, "{more} bytes are left");
}

/// Each level a coroutine that opens a scope and launches the next in it.
fn level(
    left: usize,
    at_the_bottom: Arc<dyn Fn() + Send + Sync>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if left == 0 {
            at_the_bottom();
            return pending().await;
        }
        scope(async |s: Scope| {
            s.launch(level(left - 1, at_the_bottom));
        })
        .await;
    })
}

#[test]
fn a_deep_chain_of_scopes_is_cancelled_and_joined() {
    let _turn = turn();
    let cancelled = || {
        on_a_stack_of(2 * 1024 * 1024, || {
            run_blocking(async |s: Scope| {
                let bottom = coscope::CompletableDeferred::new();
                let reached = bottom.clone();
                let top = s.launch(level(DEEP, Arc::new(move || reached.complete(()).unwrap())));
                bottom.wait().await.unwrap();
                top.cancel_and_join("deep enough").await;
                assert!(top.is_completed() && top.is_cancelled());
            });
        });
    };
    cancelled();
    let before = bytes();
    cancelled(); // in the blocks of the first
    let more = bytes() - before;
    assert!(more < 64 * 1024, "{more} bytes are left");
}

#[test]
fn a_deep_chain_of_scopes_returns_level_by_level() {
    let _turn = turn();
    on_a_stack_of(2 * 1024 * 1024, || {
        fn level(left: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
            Box::pin(async move {
                if left == 0 {
                    return 0;
                }
                1 + scope(async |s: Scope| s.spawn(level(left - 1)).await).await
            })
        }
        assert_eq!(run_blocking(async |_: Scope| level(DEEP / 2).await), DEEP / 2);
    });
}

#[test]
fn a_failure_at_the_bottom_of_a_deep_chain_reaches_the_top() {
    let _turn = turn();
    on_a_stack_of(2 * 1024 * 1024, || {
        fn level(left: usize) -> Pin<Box<dyn Future<Output = Result<(), u8>> + Send>> {
            Box::pin(async move {
                if left == 0 {
                    return Err(7);
                }
                try_scope(async |s: Scope<u8>| {
                    s.try_launch(level(left - 1));
                    pending().await
                })
                .await
            })
        }
        assert_eq!(try_run_blocking(async |_: Scope<u8>| level(DEEP / 4).await), Err(7));
    });
}

#[test]
fn handles_outlive_what_they_are_of_in_any_order() {
    let _turn = turn();
    let round = || {
        let (job, deferred, clone, waker) = run_test(async |s: Scope| {
            let waker = Arc::new(Mutex::new(None::<Waker>));
            let kept = waker.clone();
            let deferred = s.spawn(async move {
                std::future::poll_fn(|cx: &mut Context<'_>| {
                    *kept.lock().unwrap() = Some(cx.waker().clone());
                    Poll::Ready(())
                })
                .await;
                vec![1u8; 1000]
            });
            let job = deferred.job();
            job.join().await;
            (job.clone(), deferred, job, waker)
        });
        let waker = waker.lock().unwrap().take().unwrap();
        waker.wake_by_ref(); // of a coroutine that is long gone
        drop(job);
        assert!(clone.is_completed());
        drop(deferred); // with its result
        waker.wake();
        assert!(!clone.is_cancelled());
    };
    round();
    let before = bytes();
    for _ in 0..20 {
        round();
    }
    let more = bytes() - before;
    assert!(more < 16 * 1024, "{more} bytes more after 20 rounds");
}
