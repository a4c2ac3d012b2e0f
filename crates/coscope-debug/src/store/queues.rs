//! [`Queues`]: of each lock, channel and job that somebody waits for, who waits and who has it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use coscope_core::probe::{Blocked, Resource};
use coscope_core::time::Instant;

use crate::record::Place;
use crate::waits::{self, Holder, JOB, SEMAPHORE, Waiter};

const SHARDS: usize = 16;
/// Of so many channels of a shard it is remembered who received last.
const RECEIVERS: usize = 1024;

pub(super) struct Queues([Mutex<Shard>; SHARDS]);

#[derive(Default)]
struct Shard {
    queues: HashMap<Resource, Queue>,
    /// Who got a message last, by the channel's address.
    receivers: HashMap<usize, u64>,
    serial: u64,
}

#[derive(Default)]
struct Queue {
    /// Of a mutex, the one who has it; of a semaphore, who got permits last.
    holder: Option<u64>,
    /// Where that one waited for it, if it had to.
    taken_at: Option<Place>,
    /// Since when nobody has it, though it was given back.
    free_since: Option<Instant>,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    id: u64,
    at: Place,
    since: Instant,
    serial: u64,
    alternative: bool,
    has_deadline: bool,
}

impl Queues {
    pub(super) fn new() -> Self {
        Queues(std::array::from_fn(|_| Mutex::default()))
    }

    fn shard(&self, on: Resource) -> MutexGuard<'_, Shard> {
        let at = match on {
            Resource::Job(number) => number as usize,
            // both sides of a channel in one
            Resource::Mutex(at) | Resource::Semaphore(at) | Resource::Room(at) | Resource::Message(at) => {
                at >> 4
            }
            _ => 0,
        };
        self.0[at % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn blocked(&self, blocked: &Blocked) {
        let Blocked { waiter, on, holder, at, alternative, deadline, .. } = *blocked;
        let mut shard = self.shard(on);
        shard.serial += 1;
        let serial = shard.serial;
        let queue = shard.queues.entry(on).or_default();
        if let Some(holder) = holder
            && queue.holder != Some(holder)
        {
            (queue.holder, queue.taken_at, queue.free_since) = (Some(holder), None, None);
        }
        queue.waiting.push_back(Waiting {
            id: waiter,
            at,
            since: Instant::system_now(),
            serial,
            alternative,
            has_deadline: deadline.is_some(),
        });
    }

    pub(super) fn granted(&self, waiter: u64, on: Resource) {
        let mut shard = self.shard(on);
        if let Resource::Message(channel) = on {
            if shard.receivers.len() == RECEIVERS && !shard.receivers.contains_key(&channel) {
                shard.receivers.clear();
            }
            shard.receivers.insert(channel, waiter);
        }
        let Some(queue) = shard.queues.get_mut(&on) else { return };
        // who is first in the queue is served first
        if let Some(at) = queue.waiting.iter().position(|one| one.id == waiter) {
            let waited = queue.waiting.remove(at);
            queue.holder = Some(waiter);
            queue.taken_at = waited.map(|waited| waited.at);
            queue.free_since = None;
        }
        shard.forget_if_idle(on);
    }

    pub(super) fn left(&self, waiter: u64, on: Resource) {
        let mut shard = self.shard(on);
        let Some(queue) = shard.queues.get_mut(&on) else { return };
        // a cancel takes the youngest first
        if let Some(at) = queue.waiting.iter().rposition(|one| one.id == waiter) {
            queue.waiting.remove(at);
        }
        shard.forget_if_idle(on);
    }

    pub(super) fn released(&self, on: Resource) {
        let mut shard = self.shard(on);
        if let Some(queue) = shard.queues.get_mut(&on) {
            (queue.holder, queue.taken_at) = (None, None);
            queue.free_since = Some(Instant::system_now());
        }
    }

    pub(super) fn clear(&self) {
        for shard in &self.0 {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.queues.clear();
            shard.receivers.clear();
        }
    }

    /// All that somebody waits for, now.
    pub(super) fn resources(&self) -> Vec<waits::Resource> {
        let now = Instant::system_now();
        let mut all = Vec::new();
        for shard in &self.0 {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let waited_for = shard.queues.iter().filter(|(_, queue)| !queue.waiting.is_empty());
            all.extend(waited_for.map(|(on, queue)| shard.describe(*on, queue, now)));
        }
        // in one order, whatever the maps' is
        all.sort_by_key(|resource| (resource.on, resource.which));
        all
    }
}

impl Shard {
    /// Of one that nobody waits for, nothing is told either: who has it is told with the next one who waits.
    fn forget_if_idle(&mut self, on: Resource) {
        if self.queues.get(&on).is_some_and(|queue| queue.waiting.is_empty()) {
            self.queues.remove(&on);
        }
    }

    fn describe(&self, on: Resource, queue: &Queue, now: Instant) -> waits::Resource {
        let holder = queue.holder.map(|id| Holder { id, at: queue.taken_at });
        let (name, which, holder, holders_are_all) = match on {
            Resource::Job(number) => (JOB, number, Some(Holder { id: number, at: None }), true),
            Resource::Mutex(at) => ("Mutex", at as u64, holder, true),
            Resource::Semaphore(at) => (SEMAPHORE, at as u64, holder, false),
            Resource::Room(at) => {
                let last = self.receivers.get(&at).map(|&id| Holder { id, at: None });
                ("Channel room", at as u64, last, false)
            }
            Resource::Message(at) => ("Channel message", at as u64, None, false),
            _ => ("something", 0, holder, false),
        };
        let waiter = |one: &Waiting| Waiter {
            id: one.id,
            at: Some(one.at),
            since: now - one.since,
            serial: one.serial,
            has_others: one.alternative,
            has_deadline: one.has_deadline,
        };
        waits::Resource {
            on: name,
            which,
            holders: holder.into_iter().collect(),
            holders_are_all,
            wants_receiver: matches!(on, Resource::Room(_)),
            free_for: queue.free_since.map(|since| now - since),
            waiters: queue.waiting.iter().map(waiter).collect(),
        }
    }
}
