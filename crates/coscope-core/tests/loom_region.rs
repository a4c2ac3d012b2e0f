//! Regions under the model checker: dropped by foreign code, closed by force, joined.
//!
//! `the_word_…`: the bits `POLLING`, `CLOSED` and `BODY_DONE` of the real word (`job::state::State`),
//! with callers that do what `Region::inside`, `Region::end_body` and `NodeRef::close_regions` do; the
//! panic of a poll that comes too late is left out. The rest are whole coroutines and real scopes.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `the_word_gives_its_token_back_once` | a region polled twice, then ended; a force-close | the body's token is given back once, never while a poll is under way |
//! | `the_word_is_closed_twice` | two force-closes; a poll | as above |
//! | `a_region_is_dropped_as_its_child_ends` | a body that drops a scope with a child; a driver | the coroutine completes after the child, once |
//! | `a_join_races_with_the_last_child` | a body that joins its scope; a driver | it wakes |
//! | `a_child_fails_as_the_body_suspends` | a scope whose child fails; two drivers | the body is cut, the failure kept |
//! | `a_handle_is_given_away_in_the_first_poll` | a body that gives its scope's handle away and ends; another thread launches with it | launched and waited for, or refused and dropped |
//! | `a_region_that_was_moved_out_is_dropped_as_its_coroutine_ends` | the coroutine ends; another thread drops its scope | closed or dropped: the child is cancelled, one token goes |
//!
//! Taken out, and seen to fail: see the foot of the file.
#![cfg(loom)]

mod loom_pool;

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool as Flag, AtomicUsize as Count, Ordering::SeqCst}; // for the models, not the checker

use coscope_core::model::JobState;
use coscope_core::{Scope, Start, scope, try_scope};
use loom::thread;
use loom_pool::{Dropped, Pool, Tally, poll_once, root};

/// A region's word, with what its callers do to it.
struct Region {
    state: JobState,
    completed: Count,
    polling: Flag,
}

impl Region {
    fn new() -> Arc<Self> {
        Arc::new(Region { state: JobState::new(true), completed: Count::new(0), polling: Flag::new(false) })
    }
    fn release(&self) {
        assert!(!self.polling.load(SeqCst), "closed under a poll");
        self.completed.fetch_add(usize::from(self.state.release()), SeqCst);
    }
    /// As `Region::inside`. `false` if it was closed before.
    fn poll(&self) -> bool {
        if !self.state.begin_poll() {
            assert!(!self.state.end_poll(), "who closes it outside of a poll takes the token");
            return false;
        }
        self.polling.store(true, SeqCst);
        self.polling.store(false, SeqCst); // before `POLLING` goes
        if self.state.end_poll() {
            self.release();
        }
        true
    }
    /// As `Region::end_body`.
    fn end_body(&self) {
        if self.state.region_ended() {
            self.release();
        }
    }
    /// As `NodeRef::close_regions`.
    fn close(&self) {
        if self.state.close() {
            self.release();
        }
    }
}

#[test]
fn the_word_gives_its_token_back_once() {
    loom::model(|| {
        let region = Region::new();
        let closer = {
            let region = region.clone();
            thread::spawn(move || region.close())
        };
        if region.poll() {
            region.poll();
        }
        region.end_body();
        closer.join().unwrap();
        assert_eq!(region.completed.load(SeqCst), 1);
    });
}

#[test]
fn the_word_is_closed_twice() {
    loom::model(|| {
        let region = Region::new();
        let closers = [(); 2].map(|()| {
            let region = region.clone();
            thread::spawn(move || region.close())
        });
        region.poll();
        for closer in closers {
            closer.join().unwrap();
        }
        assert_eq!(region.completed.load(SeqCst), 1);
        assert!(!region.poll(), "a poll after it is refused");
    });
}

#[test]
fn a_region_is_dropped_as_its_child_ends() {
    loom::model(|| {
        let (completed, freed) = (Tally::new(), Tally::new());
        let (pool, root) = (Pool::new(), root(&completed, &freed));
        let gone = Tally::new();
        let driver = {
            let (pool, job) = (pool.clone(), root.job());
            thread::spawn(move || pool.drive(&job))
        };
        let job = {
            let held = Dropped(gone.clone());
            root.scope(pool.dispatcher()).start(Start::Undispatched).launch(async move {
                let mut inside = Box::pin(scope(|s| async move {
                    s.launch(async move { drop(held) });
                    pending::<()>().await;
                }));
                let _pending = poll_once(inside.as_mut());
                drop(inside);
            })
        };
        let at_the_end = Tally::new();
        let listener = {
            let (at_the_end, gone) = (at_the_end.clone(), gone.clone());
            job.on_completion(move || {
                if gone.get() == 1 {
                    at_the_end.add();
                }
            })
        };
        let _kept = root.end_body();
        driver.join().unwrap();
        assert!(job.is_completed() && pool.is_empty());
        assert_eq!(at_the_end.get(), 1, "the coroutine completes after what its region has left behind");
        drop((root, job, listener));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    });
}

#[test]
fn a_join_races_with_the_last_child() {
    loom::model(|| {
        let (completed, freed) = (Tally::new(), Tally::new());
        let (pool, root) = (Pool::new(), root(&completed, &freed));
        let (joined, gone) = (Tally::new(), Tally::new());
        let driver = {
            let (pool, job) = (pool.clone(), root.job());
            thread::spawn(move || pool.drive(&job))
        };
        let job = {
            let (held, gone, joined) = (Dropped(gone.clone()), gone.clone(), joined.clone());
            root.scope(pool.dispatcher()).start(Start::Undispatched).launch(async move {
                scope(|s| async move {
                    s.launch(async move { drop(held) });
                })
                .await;
                assert_eq!(gone.get(), 1, "a scope returns when its children have ended");
                joined.add();
            })
        };
        let _kept = root.end_body();
        driver.join().unwrap();
        assert!(job.is_completed() && pool.is_empty());
        assert_eq!(joined.get(), 1);
        drop((root, job));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    });
}

#[test]
fn a_child_fails_as_the_body_suspends() {
    loom::model(|| {
        let (completed, freed) = (Tally::new(), Tally::new());
        let (pool, root) = (Pool::new(), root(&completed, &freed));
        let (failed, gone) = (Tally::new(), Tally::new());
        let driver = {
            let (pool, job) = (pool.clone(), root.job());
            thread::spawn(move || pool.drive(&job))
        };
        let job = {
            let (held, failed) = (Dropped(gone.clone()), failed.clone());
            root.scope(pool.dispatcher()).start(Start::Undispatched).launch(async move {
                let ended: Result<(), &str> = try_scope(|s| async move {
                    let _held = held;
                    s.try_launch(async { Err::<(), &str>("no") });
                    pending().await
                })
                .await;
                if ended == Err("no") {
                    failed.add();
                }
            })
        };
        let _kept = root.end_body();
        driver.join().unwrap();
        assert!(job.is_completed() && pool.is_empty());
        assert_eq!((failed.get(), gone.get()), (1, 1));
        drop((root, job));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    });
}

#[test]
fn a_handle_is_given_away_in_the_first_poll() {
    loom::model(|| {
        let (completed, freed) = (Tally::new(), Tally::new());
        let (pool, root) = (Pool::new(), root(&completed, &freed));
        let gone = Tally::new();
        let given: Arc<loom::sync::Mutex<Option<Scope>>> = Arc::new(loom::sync::Mutex::new(None));
        let taker = {
            let (given, held) = (given.clone(), Dropped(gone.clone()));
            thread::spawn(move || {
                let taken = given.lock().unwrap().take();
                if let Some(scope) = taken {
                    scope.launch(async move { drop(held) });
                }
            })
        };
        let job = {
            let given = given.clone();
            root.scope(pool.dispatcher()).start(Start::Undispatched).launch(scope(move |s: Scope| {
                *given.lock().unwrap() = Some(s);
                std::future::ready(())
            }))
        };
        pool.drive(&job);
        taker.join().unwrap();
        drop(given.lock().unwrap().take());
        assert_eq!(gone.get(), 1);
        assert!(pool.is_empty() && !root.has_children());
        let _kept = root.end_body();
        drop((root, job, given));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    });
}

type MovedOut = Arc<loom::sync::Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>>;

#[test]
fn a_region_that_was_moved_out_is_dropped_as_its_coroutine_ends() {
    loom::model(|| {
        let (completed, freed) = (Tally::new(), Tally::new());
        let (pool, root) = (Pool::new(), root(&completed, &freed));
        let (gone, body) = (Tally::new(), Tally::new());
        let moved: MovedOut = Arc::new(loom::sync::Mutex::new(None));
        let dropper = {
            let moved = moved.clone();
            thread::spawn(move || {
                let region = moved.lock().unwrap().take();
                drop(region);
            })
        };
        let job = {
            let (held, in_body, moved) = (Dropped(gone.clone()), Dropped(body.clone()), moved.clone());
            root.scope(pool.dispatcher()).start(Start::Undispatched).launch(async move {
                let mut inside = Box::pin(scope(|s| async move {
                    let _held = in_body;
                    s.launch(async move {
                        let _held = held;
                        pending::<()>().await;
                    });
                    pending::<()>().await;
                }));
                let _pending = poll_once(inside.as_mut());
                *moved.lock().unwrap() = Some(inside);
            })
        };
        pool.drive(&job); // does not wait for the one who holds the region's future
        assert_eq!(gone.get(), 1, "its child was cancelled, and waited for");
        dropper.join().unwrap();
        drop(moved.lock().unwrap().take());
        assert_eq!(body.get(), 1);
        assert!(pool.is_empty() && !root.has_children());
        let _kept = root.end_body();
        drop((root, job, moved));
        assert_eq!((completed.get(), freed.get()), (1, 1));
    });
}
