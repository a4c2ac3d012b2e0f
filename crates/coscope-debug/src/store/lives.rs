//! [`Lives`]: of each coroutine that lives, what it is at and what it did of late.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coscope_core::probe::StepEnd;
use coscope_core::time::Instant;

use super::event::{Event, EventKind};
use crate::activity::Activity;

/// So many events of a coroutine are kept.
const KEPT: usize = 16;
/// Coroutines of one shard share a lock.
const SHARDS: usize = 64;

type Shard = HashMap<u64, Life>;

pub(super) struct Lives([Mutex<Shard>; SHARDS]);

#[derive(Default)]
struct Life {
    steps: u64,
    wakes: u64,
    /// The step that runs.
    running_since: Option<Instant>,
    /// The wake that no step has answered.
    woken_at: Option<Instant>,
    /// The end of the step before.
    stepped_at: Option<Instant>,
    thread: Option<Arc<str>>,
    events: VecDeque<(Instant, EventKind)>,
}

thread_local! {
    static THREAD: Arc<str> = std::thread::current().name().unwrap_or("unnamed").into();
}

impl Lives {
    pub(super) fn new() -> Self {
        Lives(std::array::from_fn(|_| Mutex::default()))
    }

    fn shard(&self, coroutine: u64) -> MutexGuard<'_, Shard> {
        self.0[coroutine as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, coroutine: u64, kind: EventKind) {
        let now = Instant::system_now();
        let mut shard = self.shard(coroutine);
        let life = shard.entry(coroutine).or_default();
        match kind {
            EventKind::Woken => {
                life.wakes += 1;
                life.woken_at = Some(now);
            }
            EventKind::StepStarted => {
                life.steps += 1;
                life.woken_at = None;
                life.running_since = Some(now);
                life.thread = Some(THREAD.with(Arc::clone));
            }
            EventKind::StepEnded(end) => {
                life.running_since = None;
                life.stepped_at = Some(now);
                if end == StepEnd::Yielded {
                    life.woken_at = Some(now);
                }
            }
            EventKind::Launched => life.woken_at = Some(now),
            _ => {}
        }
        if life.events.len() == KEPT {
            life.events.pop_front();
        }
        life.events.push_back((now, kind));
    }

    pub(super) fn completed(&self, coroutine: u64) {
        let life = self.shard(coroutine).remove(&coroutine);
        drop(life); // with no lock held
    }

    pub(super) fn clear(&self) {
        for shard in &self.0 {
            let lives = std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
            drop(lives);
        }
    }

    pub(super) fn activity(&self, coroutine: u64) -> Option<Activity> {
        let now = Instant::system_now();
        let shard = self.shard(coroutine);
        let life = shard.get(&coroutine)?;
        let since = |at: Option<Instant>| at.map(|at| now - at);
        Some(Activity {
            steps: life.steps,
            wakes: life.wakes,
            thread: life.thread.clone(),
            running_for: since(life.running_since),
            woken_for: since(life.woken_at),
            idle_for: since(life.stepped_at),
        })
    }

    pub(super) fn history(&self, coroutine: u64) -> Vec<Event> {
        let now = Instant::system_now();
        let shard = self.shard(coroutine);
        let Some(life) = shard.get(&coroutine) else { return Vec::new() };
        life.events.iter().map(|&(at, kind)| Event { ago: now - at, kind }).collect()
    }
}
