//! Random trees of coroutines, disturbed at random: what is lost, leaked, left behind or stuck?
//!
//! A plan is drawn from a seed, run on real threads, and cancelled from outside and from inside while it runs. The
//! interleavings it hunts:
//! * cancel against launch, against the last child, against the end of the body, against a failure;
//! * cancel and timeout against the beginning and the end of a shield, a clean-up, a `with_context`;
//! * two failures at once; a failure against a cancel; a panic in a body whose children still run;
//! * a region dropped half-way by foreign code (`select`, `FuturesUnordered`, a poll by hand), with children alive,
//!   with clean-ups queued on it, with a move to another dispatcher under way, with a shield open;
//! * a lazy child that loses its last handle; an undispatched or unconfined child that cancels its launcher;
//! * the end of a nested `run_blocking` against the cancel of the coroutine around it;
//! * the last handle of a result dropped while the result is stored.
//!
//! What must hold, whatever happened: every value is dropped exactly once; every clean-up that was armed has run
//! exactly once; every shield that was entered has ended (unless foreign code dropped it); nothing of a scope runs
//! after its await; every panic, and every error of a coroutine that was not cancelled, has reached somebody; no job
//! is left; nothing hangs. An undisturbed plan runs to the last leaf.
//!
//! `COSCOPE_STRESS_TREES` says how many trees, `COSCOPE_STRESS_SEED` from which seed; `COSCOPE_STRESS_FIRST` begins with
//! a later tree of it, `COSCOPE_STRESS_SECONDS` says after how long a tree counts as stuck.
#![allow(missing_docs, clippy::disallowed_methods)]

#[path = "stress_trees/ledger.rs"]
mod ledger;
#[path = "stress_trees/plan.rs"]
mod plan;
#[path = "stress_trees/scopes.rs"]
mod scopes;
#[path = "stress_trees/steps.rs"]
mod steps;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coscope::prelude::*;
use coscope::{detached, run_blocking_on};

use ledger::{Env, Fault, Ledger};
use plan::{Child, Dice, Drawing, Kind, Op, Place, Taken, leaves};
use steps::{run, see_payload};

fn tree_of(job: &Job, depth: usize, into: &mut String) {
    into.push_str(&format!("{}{job:?} launched at {}\n", "  ".repeat(depth), job.launched_at()));
    for child in job.children() {
        tree_of(&child, depth + 1, into);
    }
}

/// The plan that runs, for the watchdog.
static PLAN: Mutex<String> = Mutex::new(String::new());

/// Says what was wrong with one tree.
fn run_tree(seed: u64, number: u64) -> Result<(), String> {
    let mut dice = Dice(seed.wrapping_add(number.wrapping_mul(0xD134_2543_DE82_EF95)));
    let calm = dice.one_in(8);
    let depth = 2 + dice.below(3) as u32;
    let plan = {
        let mut drawing = Drawing { dice: &mut dice, calm, left: 24 };
        (0..3).map(|_| drawing.op(depth)).collect::<Vec<_>>()
    };
    let plan = vec![Op::Scope {
        kind: Kind::Supervised,
        children: plan
            .into_iter()
            .map(|op| Child {
                place: Place::Default,
                start: Start::Default,
                taken: Taken::Outcome,
                ops: vec![op],
            })
            .collect(),
        body: vec![Op::Leaf],
    }];
    let expected = leaves(&plan);
    *PLAN.lock().unwrap() = format!("{plan:?}");
    let ledger: Arc<Ledger> = Arc::default();
    let handler = FailureHandler::new(|failure| {
        if let Some(fault) = failure.downcast_ref::<Fault>() {
            fault.see();
        }
    });
    let done = Arc::new(AtomicBool::new(false));
    let chaos = if calm { 0 } else { dice.below(6) };
    let mut shuffle = Dice(dice.next());
    let canceller = {
        let (ledger, done) = (ledger.clone(), done.clone());
        std::thread::spawn(move || {
            for _ in 0..chaos {
                for _ in 0..shuffle.below(200) {
                    if done.load(SeqCst) {
                        return;
                    }
                    std::thread::yield_now();
                }
                let job = {
                    let jobs = ledger.jobs.lock().unwrap();
                    if jobs.is_empty() {
                        None
                    } else {
                        Some(jobs[shuffle.below(jobs.len() as u64) as usize].clone())
                    }
                };
                if let Some(job) = job {
                    job.cancel("chosen from outside");
                }
            }
        })
    };
    let single = Dispatchers::single_thread("stress single");
    let dispatchers = Arc::new([
        Dispatchers::default(),
        Dispatchers::io(),
        Dispatchers::limited(1),
        Dispatchers::default().limited_parallelism(3),
        single,
        Dispatchers::unconfined(),
    ]);
    let top: Arc<AtomicUsize> = Arc::default();
    let env = Env {
        ledger: ledger.clone(),
        dispatchers,
        scopes: vec![top.clone()],
        place: Place::Inherited,
        foreign: false,
        beside: false,
        protected: false,
    };
    let inside = run(plan.clone(), env);
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| {
        run_blocking_on(handler, async move |_: Scope| inside.await)
    }));
    done.store(true, SeqCst);
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => fault.see(),
        Err(payload) => drop(see_payload(payload)),
    }
    canceller.join().unwrap();

    let mut wrong = Vec::new();
    let values: Vec<u8> = ledger.values.lock().unwrap().iter().map(|count| count.load(SeqCst)).collect();
    let (kept, twice) =
        (values.iter().filter(|n| **n == 0).count(), values.iter().filter(|n| **n > 1).count());
    if kept + twice != 0 {
        wrong.push(format!("of {} values {kept} were not dropped, {twice} more than once", values.len()));
    }
    let cleanups: Vec<u8> = ledger.cleanups.lock().unwrap().iter().map(|count| count.load(SeqCst)).collect();
    let (kept, twice) =
        (cleanups.iter().filter(|n| **n == 0).count(), cleanups.iter().filter(|n| **n > 1).count());
    if kept + twice != 0 {
        wrong.push(format!("of {} clean-ups {kept} did not run, {twice} more than once", cleanups.len()));
    }
    let (entered, left) = (ledger.shields_entered.load(SeqCst), ledger.shields_ended.load(SeqCst));
    if entered != left {
        wrong.push(format!("{entered} shields were entered, {left} have ended"));
    }
    if top.load(SeqCst) != 0 {
        wrong.push(format!("{} futures are alive after the end", top.load(SeqCst)));
    }
    wrong.extend(ledger.lost.lock().unwrap().iter().map(|lost| format!("nobody has seen the {lost}")));
    wrong.extend(ledger.outlived.lock().unwrap().iter().map(|what| format!("alive after its end: {what}")));
    let mut jobs: Vec<Job> = std::mem::take(&mut *ledger.jobs.lock().unwrap());
    jobs.append(&mut ledger.protected.lock().unwrap());
    wrong.extend(
        jobs.iter().filter(|job| !job.is_completed()).map(|job| format!("has not completed: {job:?}")),
    );
    let left = detached().children();
    wrong.extend(
        left.iter().filter(|job| !job.is_completed()).map(|job| format!("left below the root: {job:?}")),
    );
    if calm && ledger.leaves.load(SeqCst) != expected {
        wrong.push(format!("{} leaves ran, the plan has {expected}", ledger.leaves.load(SeqCst)));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("tree {number} of seed {seed}:\n  {}\n  the plan: {plan:?}\n", wrong.join("\n  ")))
}

#[test]
fn random_trees_lose_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let trees = number("COSCOPE_STRESS_TREES").unwrap_or(1000);
    let seed = number("COSCOPE_STRESS_SEED").unwrap_or(20_240_229);
    let patience = number("COSCOPE_STRESS_SECONDS").unwrap_or(60);
    let first = number("COSCOPE_STRESS_FIRST").unwrap_or(0);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // what the trees do to each other is no news: an await of a coroutine that another has cancelled
        let text = info.payload().downcast_ref::<String>();
        if !text.is_some_and(|text| text.starts_with("awaited a coroutine that has no value")) {
            hook(info);
        }
    }));
    let (tx, rx) = std::sync::mpsc::channel::<u64>();
    let at = Arc::new(AtomicU64::new(0));
    let watched = at.clone();
    let watchdog = std::thread::spawn(move || {
        loop {
            match rx.recv_timeout(Duration::from_secs(patience)) {
                Ok(_) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    let mut text = String::new();
                    detached().children().iter().for_each(|job| tree_of(job, 1, &mut text));
                    let text = format!(
                        "tree {} of seed {seed} hangs:\n{text}  the plan: {}\n",
                        watched.load(SeqCst),
                        PLAN.lock().unwrap()
                    );
                    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
                    std::process::abort();
                }
            }
        }
    });
    let mut wrong = Vec::new();
    for tree in first..first + trees {
        at.store(tree, SeqCst);
        wrong.extend(run_tree(seed, tree).err());
        tx.send(tree).unwrap();
    }
    drop(tx);
    watchdog.join().unwrap();
    wrong.sort_by_key(String::len); // the smallest plans say most
    wrong.iter().take(5).for_each(|text| eprintln!("{text}"));
    assert_eq!(wrong.len(), 0, "of {trees} trees");
}
