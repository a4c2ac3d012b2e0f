//! The scheduling word of a coroutine under the model checker: wake against cancel against poll.
//!
//! The word itself is modelled (`task::state::State`), with a small cell whose `step`, `cut` and `end`
//! do what `task::harness` does around it; a step that is dispatched is run by the thread that
//! dispatches it, after its own work, which is one more interleaving of a queue's. Whole coroutines
//! are in `loom_task`. The stage is a loom cell: two at once in it, or one who does not see what the
//! last has written, and the checker reports it.
//!
//! | model | threads | holds in every interleaving |
//! |---|---|---|
//! | `a_wake_races_with_a_poll` | a poll that looks for what the waker has set; the waker | the poll that sees it comes: no wake is lost |
//! | `two_wakes_race` | wakes of two slots | both are seen, each in its own slot; one step at a time |
//! | `a_cancel_races_with_a_wake_and_a_poll` | a poll; a wake; a cancel | the future is gone once, by ready or by a cut |
//! | `a_cancel_finds_a_shield` | a poll that ends its shield; a cancel | the cut comes, by whoever is last |
//! | `a_start_races_with_a_cancel` | start; cancel, of a lazy one | one step comes, and it is a cut if the cancel was first |
//! | `the_end_races_with_the_deferred` | end with a result; the `Deferred` goes | the result is one's, once, and seen whole |
//!
//! Taken out, and seen to fail:
//! * `notify` sets no `NOTIFIED` while the step runs, `pend` does not look at it (a wake is lost), `run` clears those of all slots
//!   (`two_wakes_race`), `pend` does not look at `CANCEL` (`a_cancel_races_with_a_wake…`);
//! * `BUSY` left out of `schedule_if_idle` (two runners);
//! * a transition that does not write where the word stays as it is (`a_wake_races…`: the poll does not see what the waker did);
//! * `end` looks at `INTEREST` before its compare-and-swap (`the_end_races…`: the result is nobody's);
//! * `AcqRel` of the transition made `Acquire`, `Release` or `Relaxed` (four models: a race on the stage).
//!
//! `a_cancel_finds_a_shield` fails as the source stands, in two ways, each for itself. `pend` sees the shield open; it ends, and the
//! second `cancel` writes the word as it was; `pend` goes idle. And `shields` read by a plain load: the one who cancels
//! sees the shield still open, the one who ends it does not see the cancel. The model reads the count as it must be read.
#![cfg(loom)]

mod loom_pool;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool as Flag, AtomicUsize as Count, Ordering::SeqCst}; // for the models, not the checker

use coscope_core::model::{Pend, TaskState};
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use loom_pool::Watched;

/// What a poll does with the stage.
enum Polled {
    Pending,
    Ready,
}

/// A coroutine's cell in small.
struct Cell {
    state: TaskState,
    /// 0: the future, unpolled; then one more for each poll.
    stage: Watched<usize>,
    shields: AtomicUsize,
    poll: Box<dyn Fn(&Cell, usize) -> Polled>,
    cuts: Count,
    ends: Count,
    running: Flag,
}

impl Cell {
    fn new(state: TaskState, poll: impl Fn(&Cell, usize) -> Polled + 'static) -> Arc<Self> {
        let (cuts, ends, running) = (Count::new(0), Count::new(0), Flag::new(false));
        let (stage, shields) = (Watched::new(0), AtomicUsize::new(0));
        Arc::new(Cell { state, stage, shields, poll: Box::new(poll), cuts, ends, running })
    }

    /// A read-modify-write: of this and the one that ends the shield, one comes last on this very
    /// word and sees what the other has done before.
    fn is_shielded(&self) -> bool {
        self.shields.fetch_add(0, Ordering::AcqRel) != 0
    }

    /// As `harness::run` and `step`.
    fn run(&self, mut slot: usize) {
        loop {
            let cut = self.state.run(slot, || self.is_shielded());
            assert!(!self.running.swap(true, SeqCst), "two runners");
            if cut {
                return self.end(true);
            }
            self.stage.change(|polls| *polls += 1);
            let polled = (self.poll)(self, slot);
            if let Polled::Ready = polled {
                return self.end(false);
            }
            self.running.store(false, SeqCst); // before `BUSY` goes: then the next may be another's
            match self.state.pend(|| self.is_shielded()) {
                Pend::Idle => return,
                Pend::Again(next) => slot = next,
                Pend::Cut => {
                    assert!(!self.running.swap(true, SeqCst), "two runners");
                    return self.end(true);
                }
            }
        }
    }

    /// As `harness::end`.
    fn end(&self, cut: bool) {
        self.stage.change(|polls| *polls += 100);
        self.cuts.fetch_add(usize::from(cut), SeqCst);
        self.ends.fetch_add(1, SeqCst);
        let _taken = self.state.end(false);
    }

    /// As `Kind::woken`.
    fn wake(&self, slot: usize) {
        if self.state.notify(slot) {
            self.run(slot);
        }
    }

    /// As `Kind::cancelled`.
    fn cancel(&self) {
        if self.state.cancel() {
            self.run(0);
        }
    }

    fn ends(&self) -> usize {
        self.ends.load(SeqCst)
    }
    fn cuts(&self) -> usize {
        self.cuts.load(SeqCst)
    }
}

#[test]
fn a_wake_races_with_a_poll() {
    loom::model(|| {
        let ready = Arc::new(AtomicBool::new(false));
        let look = ready.clone();
        let poll =
            move |_: &Cell, _| if look.load(Ordering::Relaxed) { Polled::Ready } else { Polled::Pending };
        let cell = Cell::new(TaskState::scheduled(false), poll);
        let waker = {
            let cell = cell.clone();
            thread::spawn(move || {
                ready.store(true, Ordering::Relaxed); // the word must publish it
                cell.wake(0);
            })
        };
        cell.run(0);
        waker.join().unwrap();
        assert_eq!((cell.ends(), cell.cuts()), (1, 0), "a wake was lost");
    });
}

#[test]
fn two_wakes_race() {
    loom::model(|| {
        let seen = Arc::new([Count::new(0), Count::new(0)]);
        let ran = seen.clone();
        let poll = move |_: &Cell, slot: usize| {
            ran[slot].fetch_add(1, SeqCst);
            if ran.iter().all(|ran| ran.load(SeqCst) > 0) { Polled::Ready } else { Polled::Pending }
        };
        let cell = Cell::new(TaskState::scheduled(false), poll);
        let wakers = [1, 1].map(|slot| {
            let cell = cell.clone();
            thread::spawn(move || cell.wake(slot))
        });
        cell.run(0);
        for waker in wakers {
            waker.join().unwrap();
        }
        assert_eq!(cell.ends(), 1, "a wake was lost, or ran in a slot that was not its own");
        assert_eq!(seen[0].load(SeqCst), 1);
    });
}

#[test]
fn a_cancel_races_with_a_wake_and_a_poll() {
    loom::model(|| {
        let poll = |_: &Cell, _| Polled::Pending;
        let cell = Cell::new(TaskState::scheduled(false), poll);
        let waker = {
            let cell = cell.clone();
            thread::spawn(move || cell.wake(0))
        };
        let canceller = {
            let cell = cell.clone();
            thread::spawn(move || cell.cancel())
        };
        cell.run(0);
        waker.join().unwrap();
        canceller.join().unwrap();
        assert_eq!((cell.ends(), cell.cuts()), (1, 1), "it is cut, once");
        assert!(!cell.state.notify(0) && !cell.state.cancel(), "nothing comes after the end");
    });
}

#[test]
fn a_cancel_races_with_a_poll_that_ends() {
    loom::model(|| {
        let poll = |_: &Cell, _| Polled::Ready;
        let cell = Cell::new(TaskState::scheduled(false), poll);
        let others = [Cell::cancel, |cell: &Cell| cell.wake(0)].map(|f: fn(&Cell)| {
            let cell = cell.clone();
            thread::spawn(move || f(&cell))
        });
        cell.run(0);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(cell.ends(), 1);
    });
}

#[test]
fn a_cancel_finds_a_shield() {
    loom::model(|| {
        // the first poll opens a shield; another thread ends it, as `Around`'s drop outside of a poll
        let poll = |_: &Cell, _| Polled::Pending;
        let cell = Cell::new(TaskState::scheduled(false), poll);
        cell.shields.fetch_add(1, Ordering::AcqRel);
        cell.run(0);
        let job = Arc::new(AtomicBool::new(false)); // the job's `CANCELLING`
        let canceller = {
            let (cell, job) = (cell.clone(), job.clone());
            thread::spawn(move || {
                job.store(true, Ordering::SeqCst);
                cell.cancel();
            })
        };
        if cell.shields.fetch_sub(1, Ordering::AcqRel) == 1 && job.load(Ordering::SeqCst) {
            cell.cancel();
        }
        canceller.join().unwrap();
        assert_eq!((cell.ends(), cell.cuts()), (1, 1), "the cancel that waited for the shield is lost");
    });
}

#[test]
fn a_start_races_with_a_cancel() {
    loom::model(|| {
        let poll = |_: &Cell, _| Polled::Ready;
        let cell = Cell::new(TaskState::lazy(), poll);
        let starter = {
            let cell = cell.clone();
            thread::spawn(move || {
                let mine = cell.state.start();
                if mine {
                    cell.run(0);
                }
                mine
            })
        };
        let mine = cell.state.cancel();
        if mine {
            cell.run(0);
        }
        let theirs = starter.join().unwrap();
        assert_eq!(cell.ends(), 1);
        assert!(!(mine && theirs), "dispatched twice");
        assert!(!mine || cell.cuts() == 1, "cancelled before its first dispatch: never run");
    });
}

#[test]
fn the_end_races_with_the_deferred() {
    loom::model(|| {
        let shared = Arc::new((TaskState::scheduled(true), Watched::new(None), Count::new(0)));
        let deferred = {
            let shared = shared.clone();
            thread::spawn(move || {
                let (state, stage, taken) = &*shared;
                if state.drop_interest() {
                    // as `Kind::discard_result`, which reads the stage
                    assert_eq!(stage.get(), Some(7));
                    taken.fetch_add(1, SeqCst);
                }
            })
        };
        let (state, stage, taken) = &*shared;
        assert!(!state.run(0, || false));
        stage.change(|stage| *stage = Some(7));
        if !state.end(true) {
            assert_eq!(stage.get(), Some(7));
            taken.fetch_add(1, SeqCst);
        }
        deferred.join().unwrap();
        assert_eq!(taken.load(SeqCst), 1, "the result is dropped once");
    });
}
