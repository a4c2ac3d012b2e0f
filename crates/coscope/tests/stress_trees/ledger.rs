//! What is counted while a tree runs: values, clean-ups, shields, failures, jobs.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use coscope::prelude::*;
use coscope::try_current_job;

use crate::plan::Place;

#[derive(Default)]
pub(crate) struct Ledger {
    /// One byte for each value: how often it was dropped.
    pub(crate) values: Mutex<Vec<Arc<AtomicU8>>>,
    pub(crate) leaves: AtomicUsize,
    pub(crate) shields_entered: AtomicUsize,
    pub(crate) shields_ended: AtomicUsize,
    /// For each clean-up that was armed: how often it has run to its end.
    pub(crate) cleanups: Mutex<Vec<Arc<AtomicU8>>>,
    pub(crate) lost: Mutex<Vec<String>>,
    pub(crate) outlived: Mutex<Vec<String>>,
    /// Whom the plan may cancel.
    pub(crate) jobs: Mutex<Vec<Job>>,
    /// Whom it may not: children of shields and clean-ups.
    pub(crate) protected: Mutex<Vec<Job>>,
}

/// A value that counts its drops.
pub(crate) struct Value(Arc<AtomicU8>);
impl Drop for Value {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Ledger {
    pub(crate) fn value(&self) -> Value {
        let count = Arc::new(AtomicU8::new(0));
        self.values.lock().unwrap().push(count.clone());
        Value(count)
    }
    pub(crate) fn arm(&self) -> Arc<AtomicU8> {
        let count = Arc::new(AtomicU8::new(0));
        self.cleanups.lock().unwrap().push(count.clone());
        count
    }
}

/// A failure: an error, or the payload of a panic. Says so if it is dropped before anybody has seen it.
pub(crate) struct Fault {
    pub(crate) _value: Value,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) seen: AtomicBool,
    /// Whose last act it was; an error (not a panic) of one that is cancelled need reach nobody.
    pub(crate) of: Option<Job>,
    pub(crate) panic: bool,
}

impl Fault {
    pub(crate) fn new(env: &Env, panic: bool) -> Self {
        let (ledger, of) = (env.ledger.clone(), try_current_job());
        Fault { _value: ledger.value(), ledger, seen: AtomicBool::new(true), of, panic }
    }
    pub(crate) fn see(&self) {
        self.seen.store(true, SeqCst);
    }
    /// It goes into the hands of the library.
    pub(crate) fn hand_over(mut self, of: Option<Job>) -> Self {
        self.seen = AtomicBool::new(false);
        self.of = of;
        self
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        let excused = !self.panic && self.of.as_ref().is_none_or(Job::is_cancelled);
        if !self.seen.load(SeqCst) && !excused {
            let what = if self.panic { "panic" } else { "error" };
            self.ledger.lost.lock().unwrap().push(format!("{what} of {:?}", self.of));
        }
    }
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fault")
    }
}

/// Alive as long as something of the scopes that it counts in is.
pub(crate) struct Alive(Vec<Arc<AtomicUsize>>);
impl Alive {
    pub(crate) fn of(scopes: &[Arc<AtomicUsize>]) -> Self {
        scopes.iter().for_each(|scope| {
            scope.fetch_add(1, SeqCst);
        });
        Alive(scopes.to_vec())
    }
}
impl Drop for Alive {
    fn drop(&mut self) {
        self.0.iter().for_each(|scope| {
            scope.fetch_sub(1, SeqCst);
        });
    }
}

#[derive(Clone)]
pub(crate) struct Env {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) dispatchers: Arc<[Dispatcher; 6]>,
    /// The scopes around, outermost first.
    pub(crate) scopes: Vec<Arc<AtomicUsize>>,
    /// Where this runs.
    pub(crate) place: Place,
    /// Foreign code may drop this half-way.
    pub(crate) foreign: bool,
    /// One of several branches of one coroutine: a step of another branch, on its dispatcher, may poll this one.
    pub(crate) beside: bool,
    /// Inside of a shield or a clean-up: who cancels one of its children by name breaks it, and rightly.
    pub(crate) protected: bool,
}

impl Env {
    pub(crate) fn dispatcher(&self, place: Place) -> Option<Dispatcher> {
        Some(self.dispatchers[place as usize - usize::from(place != Place::Inherited)].clone())
            .filter(|_| place != Place::Inherited)
    }
    pub(crate) fn at(&self, place: Place) -> Env {
        Env { place: if place == Place::Inherited { self.place } else { place }, ..self.clone() }
    }
    pub(crate) fn foreign(&self) -> Env {
        Env { foreign: true, ..self.clone() }
    }
    pub(crate) fn beside(&self) -> Env {
        Env { beside: true, ..self.clone() }
    }
    pub(crate) fn protected(&self) -> Env {
        Env { protected: true, ..self.clone() }
    }
    pub(crate) fn child(&self, place: Place, scope: &Arc<AtomicUsize>) -> Env {
        let mut env = Env { foreign: false, beside: false, ..self.at(place) };
        env.scopes.push(scope.clone());
        env
    }
}
