//! The life-cycle word of a job under the model checker: each of its decisions falls once.
//!
//! The word itself is modelled (`job::state::State`), with callers that do what `harness::end`,
//! `NodeRef::cancel` and `NodeRef::release` do around it; the whole tree is in `loom_tree`.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `a_cancel_races_with_the_end_of_the_body` | a body ends and gives its token back; a cancel | `Cut` only if the cancel was the first and in time; what it wrote before is seen by who is cut |
//! | `two_cancels_race` | two cancels, an end | one walks the subtree at most; `CUT` and the answer agree |
//! | `a_child_comes_as_the_last_one_goes` | attach and release; body's release | admitted and waited for, or refused; one completes |
//! | `three_give_their_tokens_back` | three releases | one completes, and sees what all have written |
//! | `two_failures_and_a_cancel` | fail; fail; cancel | one failure is kept at most; it is not both kept and too late |
//!
//! Taken out, and seen to fail:
//! * `release_body` that looks at the cancel bit anew instead of taking what was decided (`a_cancel_races…`, `two_cancels_race`);
//! * `attach` that looks at `COMPLETED` and then adds (`a_child_comes…`);
//! * `release` that subtracts, then sets `COMPLETED` in a second step (`a_child_comes…`);
//! * `AcqRel` of `transition` made `Relaxed` (`three_give…`, `a_cancel_races…`: the checker reports the race).
#![cfg(loom)]

mod loom_pool;

use std::sync::Arc;

use coscope_core::model::{Cancel, JobState};
use loom::thread;
use loom_pool::Watched;

#[test]
fn a_cancel_races_with_the_end_of_the_body() {
    loom::model(|| {
        let shared = Arc::new((JobState::new(false), Watched::new(0)));
        let canceller = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.1.change(|reason| *reason = 7);
                shared.0.cancel()
            })
        };
        let (state, reason) = &*shared;
        let kept = state.body_ends();
        if !kept {
            assert_eq!(reason.get(), 7);
        }
        assert!(state.release_body(kept), "there was one token");
        assert_eq!(state.is_cut(), !kept, "the word and the answer agree");
        match canceller.join().unwrap() {
            Cancel::First => assert!(kept || state.is_cut()), // between look and release: too late for the value
            Cancel::TooLate => assert!(kept && !state.is_cancelling()),
            Cancel::Again => unreachable!(),
        }
    });
}

#[test]
fn two_cancels_race() {
    loom::model(|| {
        let state = Arc::new(JobState::new(false));
        let cancels = [(); 2].map(|()| {
            let state = state.clone();
            thread::spawn(move || state.cancel())
        });
        let kept = state.body_ends();
        assert!(state.release_body(kept));
        let found = cancels.map(|cancel| cancel.join().unwrap());
        let firsts = found.iter().filter(|found| **found == Cancel::First).count();
        assert_eq!(firsts, usize::from(state.is_cancelling()), "one walks the subtree, or none");
        assert!(kept || firsts == 1);
        assert_eq!(state.is_cut(), !kept);
    });
}

#[test]
fn a_child_comes_as_the_last_one_goes() {
    loom::model(|| {
        let state = Arc::new(JobState::new(false));
        let child = {
            let state = state.clone();
            thread::spawn(move || {
                if !state.attach() {
                    assert!(state.is_completed(), "refused by what has completed, only");
                    return (false, false);
                }
                assert!(!state.is_completed(), "a job does not complete while a token is out");
                (true, state.release())
            })
        };
        let by_body = state.release_body(state.body_ends());
        let (admitted, by_child) = child.join().unwrap();
        assert!(by_body ^ by_child, "it completes once");
        assert!(admitted || by_body);
        assert!(state.is_completed() && !state.attach());
    });
}

#[test]
fn three_give_their_tokens_back() {
    loom::model(|| {
        let shared = Arc::new((JobState::new(false), [Watched::new(0), Watched::new(0), Watched::new(0)]));
        assert!(shared.0.attach() && shared.0.attach());
        let give_back = |me: usize| {
            let shared = shared.clone();
            move || {
                let (state, written) = &*shared;
                written[me].change(|at| *at = 1);
                let last = state.release();
                if last {
                    for at in written {
                        assert_eq!(at.get(), 1, "who completes sees all that was done");
                    }
                }
                usize::from(last)
            }
        };
        let others = [thread::spawn(give_back(1)), thread::spawn(give_back(2))];
        let mine = give_back(0)();
        let theirs: usize = others.map(|other| other.join().unwrap()).iter().sum();
        assert_eq!(mine + theirs, 1);
    });
}

#[test]
fn two_failures_and_a_cancel() {
    loom::model(|| {
        let state = Arc::new(JobState::new(true));
        let fails = [(); 2].map(|()| {
            let state = state.clone();
            thread::spawn(move || state.fail())
        });
        let cancelled = state.cancel();
        let found = fails.map(|fail| fail.join().unwrap());
        let kept = found.iter().filter(|found| **found == Cancel::First).count();
        assert_eq!(kept, usize::from(state.is_failed()));
        let walks = kept + usize::from(cancelled == Cancel::First);
        assert_eq!(walks, 1, "the subtree is walked once");
    });
}
