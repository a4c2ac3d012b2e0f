//! [`record`]: listens to the runtime, and keeps what the detectors and a history need.

use std::sync::{LazyLock, Mutex, PoisonError};

use coscope_core::probe::{self, Blocked, Launched, Outcome, Probe, Resource, StepEnd};

use super::event::{Event, EventKind};
use super::lives::Lives;
use super::queues::Queues;
use crate::activity::Activity;
use crate::record::Record;
use crate::waits;

struct Store {
    lives: Lives,
    queues: Queues,
}

static STORE: LazyLock<Store> = LazyLock::new(|| Store { lives: Lives::new(), queues: Queues::new() });

impl Store {
    /// Forgets all: what has begun would never be told to be over.
    fn clear(&self) {
        self.lives.clear();
        self.queues.clear();
    }
}

/// How many record, and the probe that they share.
static LISTENING: Mutex<(usize, Option<probe::Guard>)> = Mutex::new((0, None));

struct Recorder;

impl Probe for Recorder {
    fn launched(&self, launched: &Launched<'_>) {
        STORE.lives.note(launched.info.id(), EventKind::Launched);
    }
    fn step_started(&self, coroutine: u64) {
        STORE.lives.note(coroutine, EventKind::StepStarted);
    }
    fn step_ended(&self, coroutine: u64, end: StepEnd) {
        STORE.lives.note(coroutine, EventKind::StepEnded(end));
    }
    fn woken(&self, coroutine: u64) {
        STORE.lives.note(coroutine, EventKind::Woken);
    }
    fn cancelled(&self, coroutine: u64) {
        STORE.lives.note(coroutine, EventKind::Cancelled);
    }
    fn completed(&self, coroutine: u64, _outcome: Outcome) {
        STORE.lives.completed(coroutine);
    }
    fn blocked(&self, blocked: &Blocked) {
        STORE.queues.blocked(blocked);
        STORE.lives.note(blocked.waiter, EventKind::Blocked(blocked.on, blocked.at));
    }
    fn granted(&self, waiter: u64, on: Resource) {
        STORE.queues.granted(waiter, on);
        STORE.lives.note(waiter, EventKind::Granted(on));
    }
    fn left(&self, waiter: u64, on: Resource) {
        STORE.queues.left(waiter, on);
        STORE.lives.note(waiter, EventKind::Left(on));
    }
    fn released(&self, on: Resource) {
        STORE.queues.released(on);
    }
}

/// What the runtime tells is kept as long as one of these lives. See [`record`].
///
/// ```
/// let recording: coscope_debug::Recording = coscope_debug::record();
/// drop(recording);
/// ```
#[must_use = "dropped at once, nothing is recorded"]
#[derive(Debug)]
pub struct Recording {
    _private: (),
}

/// Keeps from now on who waits for whom, how long each step takes, and what each coroutine did of late.
///
/// Without it a dump shows the tree, and where and since when each coroutine is suspended; with it also how long a step
/// has run, who holds what others wait for, and deadlocks. What happened before is not known: who began to wait
/// before is not seen to wait. Costs one to two microseconds for each step, and some hundred bytes for each
/// coroutine. A [`Watchdog`](crate::Watchdog) records by itself.
///
/// ```
/// use coscope::{prelude::*, sync::Mutex};
/// use std::sync::Arc;
///
/// let _recording = coscope_debug::record();
/// coscope::run_blocking(async |s: Scope| {
///     let lock = Arc::new(Mutex::new(()));
///     let held = lock.lock().await;
///     let other = lock.clone();
///     let waits = s.named("second").launch(async move { drop(other.lock().await) });
///     yield_now().await;
///     let told = coscope_debug::history(waits.id());
///     assert!(told.iter().any(|event| event.to_string().contains("waits for mutex 0x")));
///     drop(held);
/// });
/// ```
pub fn record() -> Recording {
    let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
    listening.0 += 1;
    if listening.1.is_none() {
        STORE.clear(); // a thread may have been telling something when the last one ended
        listening.1 = Some(probe::install(Recorder));
    }
    Recording { _private: () }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        listening.0 -= 1;
        if listening.0 == 0 {
            listening.1 = None;
            STORE.clear();
        }
    }
}

fn is_recording() -> bool {
    LISTENING.lock().unwrap_or_else(PoisonError::into_inner).0 > 0
}

/// What the coroutine with this [number](coscope_core::Job::id) did of late, the oldest first: the last 16 events
/// since [`record`]. Empty for one that has completed, and while nobody records.
///
/// ```
/// assert!(coscope_debug::history(0).is_empty());
/// ```
pub fn history(coroutine: u64) -> Vec<Event> {
    STORE.lives.history(coroutine)
}

/// What the coroutine has been doing, if that is known.
pub(crate) fn activity(coroutine: u64) -> Option<Activity> {
    STORE.lives.activity(coroutine)
}

/// All that somebody waits for.
pub(crate) fn resources() -> Vec<waits::Resource> {
    if is_recording() { STORE.queues.resources() } else { Vec::new() }
}

/// The record, with what only the store knows.
pub(crate) fn completed_record(mut record: Record) -> Record {
    use coscope_core::sight::Phase;
    if record.in_state.is_none()
        && let Some(activity) = record.id.and_then(activity)
    {
        record.in_state = match record.state {
            Phase::Running => activity.running_for,
            Phase::Queued => activity.woken_for,
            Phase::Joining | Phase::CleaningUp => activity.idle_for,
            _ => None,
        };
    }
    record
}
