//! Where code goes on: in its own place, whatever other places the coroutine has been in; and what a
//! step that has exchanged its permit still holds afterwards: nothing that is meant for another.
#![allow(missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use coscope::prelude::*;
use coscope::{CompletableDeferred, FrameScope, current_context, frame_scope, run_blocking_on};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn thread() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

/// A view of 1 that is left in place is free for the rest of the step: a blocking call in the same step
/// that needs it ends.
#[test]
fn a_place_taken_in_place_is_given_back_when_the_block_ends() {
    let one = Dispatchers::limited(1);
    let ended = run_blocking_on(Dispatchers::default(), async |_: Scope| {
        for _ in 0..100 {
            with_context(one.clone(), async {}).await;
            // in the step that has just been on `one`
            let inside = one.clone();
            run_blocking(async move |_: Scope| with_context(inside, yield_now()).await);
        }
        "ended"
    });
    assert_eq!(ended, "ended");
}

/// As above, for a block that is suspended in place while another branch blocks.
#[test]
fn a_place_taken_in_place_is_given_back_when_the_block_suspends() {
    let one = Dispatchers::limited(1);
    run_blocking_on(Dispatchers::default(), async |_: Scope| {
        for _ in 0..100 {
            let inside = one.clone();
            futures::join!(with_context(one.clone(), yield_now()), async move {
                run_blocking(async move |_: Scope| with_context(inside, yield_now()).await);
            });
        }
    });
}

/// A branch that opens a `with_context` in a step of another branch comes back to where it belongs.
#[test]
fn a_move_that_begins_in_another_branchs_step_returns_home() {
    let (one, two) = (Dispatchers::single_thread("one"), Dispatchers::single_thread("two"));
    let home = Dispatchers::single_thread("home");
    run_blocking_on(home, async |_: Scope| {
        for _ in 0..50 {
            let moved = with_context(one.clone(), async {
                for _ in 0..4 {
                    yield_now().await;
                    assert_eq!(thread(), "one");
                }
            });
            let framed = frame_scope(async |s: FrameScope<'_>| {
                let child = s.spawn(async {
                    yield_now().await;
                    with_context(two.clone(), async {
                        yield_now().await;
                        assert_eq!(thread(), "two");
                    })
                    .await;
                });
                with_context(one.clone(), yield_now()).await;
                child.await;
            });
            futures::join!(moved, framed);
        }
        yield_now().await;
        assert_eq!(thread(), "home");
    });
}

/// A wait of ours goes on where its code belongs, though steps of another branch poll it elsewhere.
#[test]
fn waits_beside_a_move_go_on_at_home() {
    let (home, away) = (Dispatchers::single_thread("home"), Dispatchers::single_thread("away"));
    run_blocking_on(home, async |s: Scope| {
        let busy = with_context(away, async {
            for _ in 0..300 {
                yield_now().await;
                assert_eq!(thread(), "away");
            }
        });
        let beside = async {
            for round in 0..100u64 {
                match round % 4 {
                    0 => yield_now().await,
                    1 => delay(Duration::from_micros(round)).await,
                    2 => s.on(Dispatchers::default()).spawn(async {}).await,
                    _ => s.on(Dispatchers::default()).launch(async {}).join().await,
                }
                assert_eq!(thread(), "home", "round {round}");
            }
        };
        futures::join!(busy, beside);
    });
}

/// What is nested in a block that runs in place, and suspends there, comes back through each place.
#[test]
fn nested_blocks_in_place_that_suspend_come_back_through_each_place() {
    let one = Dispatchers::default().limited_parallelism(1);
    run_blocking_on(Dispatchers::default(), async |s: Scope| {
        for _ in 0..4 {
            let one = one.clone();
            s.launch(async move {
                for round in 0..200 {
                    with_context(Dispatchers::io(), async {
                        with_context(&one, async {
                            if round % 3 == 0 {
                                yield_now().await;
                            }
                            assert_eq!(current_context().dispatcher(), Some(&one));
                            with_context(Dispatchers::default(), yield_now()).await;
                        })
                        .await;
                        assert_eq!(current_context().dispatcher(), Some(&Dispatchers::io()));
                    })
                    .await;
                    assert_eq!(current_context().dispatcher(), Some(&Dispatchers::default()));
                }
            });
        }
    });
}

/// The step in which a block on a view of 1 ends goes on at home; another branch on the same view goes on
/// only on it, and never beside another coroutine that is there.
#[test]
fn branches_on_a_view_of_one_stay_confined_when_one_of_them_goes_home() {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    let one = Dispatchers::default().limited_parallelism(1);
    let confined = async || {
        for _ in 0..3 {
            assert_eq!(INSIDE.fetch_add(1, SeqCst), 0, "two at once");
            std::hint::spin_loop();
            INSIDE.fetch_sub(1, SeqCst);
            yield_now().await;
        }
    };
    run_blocking_on(Dispatchers::default(), async |s: Scope| {
        for _ in 0..8 {
            let one = one.clone();
            s.launch(async move {
                for _ in 0..200 {
                    futures::join!(
                        with_context(&one, async {}),
                        with_context(&one, confined()),
                        with_context(&one, confined()),
                    );
                }
            });
        }
    });
}

/// A block that panics in place is dropped in its context, and the places are given back.
#[test]
fn a_block_that_panics_in_place_gives_its_place_back() {
    let one = Dispatchers::limited(1);
    run_blocking_on(Dispatchers::default(), async |_: Scope| {
        for _ in 0..50 {
            let inside = one.clone();
            let failed = supervisor_scope(async move |s: Supervisor| {
                s.spawn(async move { with_context(inside, async { panic!("as meant") }).await }).await
            })
            .await;
            assert!(failed.is_err());
            with_context(one.clone(), async {}).await;
        }
    });
}

#[test]
fn join_two_contexts() {
    run_blocking(async |_| {
        let a = Dispatchers::single_thread("A");
        let b = Dispatchers::single_thread("B");
        let r = futures::join!(
            with_context(a, async {
                delay(ms(10)).await;
                std::thread::current().name().unwrap().to_owned()
            }),
            with_context(b, async { std::thread::current().name().unwrap().to_owned() })
        );
        assert_eq!(r.0, "A");
        assert_eq!(r.1, "B");
    });
}

/// Two threads, twenty branches behind `FuturesUnordered`: each runs on its own dispatcher.
#[test]
fn with_context_behind_foreign_wakers() {
    use futures::stream::{FuturesUnordered, StreamExt};
    for _ in 0..50 {
        run_blocking(async |s: Scope| {
            let branches = s.on(Dispatchers::default()).spawn(async {
                let threads = [Dispatchers::single_thread("A"), Dispatchers::single_thread("B")];
                let mut branches = FuturesUnordered::new();
                for i in 0..20usize {
                    branches.push(with_context(threads[i % 2].clone(), async move {
                        delay(ms(i as u64 % 3)).await;
                        assert_eq!(std::thread::current().name(), Some(["A", "B"][i % 2]));
                    }));
                }
                let mut ended = 0;
                while branches.next().await.is_some() {
                    ended += 1;
                }
                ended
            });
            assert_eq!(branches.await, 20);
        });
    }
}

/// More blocked calls than there are permits: each gives its permit back while it waits.
#[test]
fn nested_run_blocking_beyond_permits() {
    run_blocking(async |s: Scope| {
        for _ in 0..8 {
            s.on(Dispatchers::default()).launch(async {
                run_blocking(async |s: Scope| {
                    s.on(Dispatchers::default()).launch(async { yield_now().await });
                });
            });
        }
    });
}

/// A blocked call whose coroutine is cancelled unwinds, and counts as cancelled.
#[test]
fn cancelled_run_blocking_unwinds_as_cancellation() {
    run_blocking(async |s: Scope| {
        let begun = CompletableDeferred::new();
        let begin = begun.clone();
        let blocked = s.on(Dispatchers::default()).spawn(async {
            run_blocking(async move |_| {
                begin.complete(()).unwrap();
                delay(Duration::MAX).await
            })
        });
        begun.wait().await.unwrap();
        blocked.cancel("enough");
        assert!(blocked.outcome().await.unwrap_err().is_cancelled());
    });
}

/// A view of one confines, also across a `with_context` in the middle.
#[test]
fn a_view_of_one_confines() {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    let counter = Arc::new(AtomicU32::new(0));
    let counted = counter.clone();
    run_blocking(async move |s: Scope| {
        let one = Dispatchers::io().limited_parallelism(1);
        for _ in 0..500 {
            let counter = counted.clone();
            s.on(one.clone()).launch(async move {
                for _ in 0..3 {
                    let before = counter.load(Relaxed);
                    std::thread::yield_now();
                    counter.store(before + 1, Relaxed);
                    with_context(Dispatchers::default(), async {}).await;
                }
            });
        }
    });
    assert_eq!(counter.load(Relaxed), 1500);
}
