//! Where code goes on: in its own place, whatever other places the coroutine has been in; and what a
//! step that has exchanged its permit still holds afterwards: nothing that is meant for another.
#![allow(missing_docs)]

use std::time::Duration;

use coscope::prelude::*;
use coscope::{FrameScope, current_context, frame_scope, run_blocking_on};

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
