//! Lanes: the queues of CPU steps. A lane's owning end is the CPU permit itself.
//!
//! There are as many lanes as permits. Whoever holds a [`Permit`] pushes to its lane and pops from
//! it; everybody who holds one steals from all. A permit given back lies in its lane until somebody
//! takes it, with the steps that are still in it: they belong to the lane, not to a thread.
//!
//! ```text
//!   push ─▶ newest ─ displaced ─▶ deque ──▶ pop (last in, first out)
//!             │                    ├──────▶ stolen (the oldest) by the holder of another permit
//!             │                    └──────▶ global queue, by the watch: the oldest, if they wait too long
//!             ├──▶ pop (not too often in a row)
//!             └──▶ global queue, by the watch, once it is stale
//!   yield ─▶ yielded ──▶ pop (first in, first out, behind the deque, in turns with the global queue)
//!             └────────▶ stolen, as from the deque
//! ```
//!
//! **Newest first**, as Cilk and rayon do: who forks and joins goes down one branch after the other,
//! with a few coroutines alive whose memory is still in the cache, instead of all of one level after
//! all of another. (First in, first out, a fork-join tree of 131,071 coroutines took 1,100 ns for each
//! coroutine on two threads, newest first 475.) What could starve at the far end is moved by the watch
//! to the global queue, which comes first every 61 steps.
//!
//! **A thief is patient.** What its owner reaches within microseconds it reaches sooner than anybody else, and the coroutines of
//! one lane often work on the same lines of memory. So a lane counts how often it runs dry, and a thief takes only from one that
//! has not for as long as a dozen looks take, some 10 µs. (Four senders and a receiver on two workers, a channel of 64 between
//! them: 215 to 250 ns for each message where a thief takes what it sees.)
//!
//! Knows steps, not threads. Imports nothing of this crate.

use std::fmt;

use coscope_core::dispatch::Runnable;
use coscope_core::primitive::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crossbeam_deque::{Injector, Steal, Stealer, Worker as Deque};
use crossbeam_utils::CachePadded;
use crossbeam_utils::atomic::AtomicCell;

/// Every so many steps the global queue comes first.
pub(crate) const GLOBAL_FIRST: u32 = 61;
/// After so many steps in a row from the place of the newest the deque has its turn.
const NEWEST_IN_A_ROW: u32 = 16;
/// So often in a row a thief must have found steps in a lane that has not run dry in between, before it takes any.
const PATIENCE: u32 = 12;
/// So often if the lane's owner is quick.
const PATIENCE_WITH_THE_QUICK: u32 = 40;
/// Who begins more steps than that during the first of them is quick: they take about a microsecond or less.
const QUICK: u32 = 8;
/// So many steps that have waited too long are rescued at a time.
const RESCUED: usize = 16;

struct Lane {
    /// The permit, while nobody holds it.
    permit: AtomicCell<Option<Box<Permit>>>,
    newest: AtomicCell<Option<Runnable>>,
    /// May be true with `newest` empty for a moment, never false with it filled, but while it is taken.
    has_newest: AtomicBool,
    /// Counts the steps begun: what lies in `newest` is stale if this stands still.
    steps: AtomicU32,
    /// Counts the takings from the far end of the deque.
    taken: AtomicU32,
    /// Counts how often the lane's owner has found nothing in it but the newest.
    dry: AtomicU32,
    stealer: Stealer<Runnable>,
    yielded: Stealer<Runnable>,
}

/// A CPU permit: the right to run CPU steps, and the owning end of a lane.
pub(crate) struct Permit {
    lane: usize,
    deque: Deque<Runnable>,
    /// Steps that have yielded to all others of the lane.
    yielded: Deque<Runnable>,
    steps: u32,
    newest_in_a_row: u32,
    dry: u32,
}

/// What a thief remembers of a lane.
#[derive(Clone, Copy, Default)]
pub(crate) struct SeenWork {
    dry: u32,
    looks: u32,
    /// How many steps it had begun at the first of the looks.
    steps: u32,
}

/// What the watch remembers of a lane.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    steps: u32,
    newest: bool,
}

/// What it remembers of a lane's far end.
#[derive(Clone, Copy, Default)]
pub(crate) struct SeenWaiting {
    taken: u32,
    waiting: bool,
}

/// All lanes, and the global queue.
pub(crate) struct Lanes {
    lanes: Box<[CachePadded<Lane>]>,
    global: Injector<Runnable>,
    steals: AtomicU64,
}

impl Permit {
    pub(crate) fn lane(&self) -> usize {
        self.lane
    }

    /// Whether it is time to look at what is not in the lane.
    pub(crate) fn is_time_to_look_around(&self) -> bool {
        self.steps % GLOBAL_FIRST == GLOBAL_FIRST - 1
    }
}

impl Lanes {
    pub(crate) fn new(count: usize) -> Self {
        let lane = |lane| {
            let (deque, yielded) = (Deque::new_lifo(), Deque::new_fifo());
            CachePadded::new(Lane {
                stealer: deque.stealer(),
                yielded: yielded.stealer(),
                permit: AtomicCell::new(Some(Box::new(Permit {
                    lane,
                    deque,
                    yielded,
                    steps: 0,
                    newest_in_a_row: 0,
                    dry: 0,
                }))),
                newest: AtomicCell::new(None),
                has_newest: AtomicBool::new(false),
                steps: AtomicU32::new(0),
                taken: AtomicU32::new(0),
                dry: AtomicU32::new(0),
            })
        };
        let lanes = (0..count).map(lane).collect();
        Lanes { lanes, global: Injector::new(), steals: AtomicU64::new(0) }
    }

    /// The permit that the state word has granted; the preferred one, if it is there.
    pub(crate) fn take_permit(&self, preferred: usize) -> Box<Permit> {
        let mut at = if preferred < self.lanes.len() { preferred } else { 0 };
        loop {
            // the word counts a permit only after it has been laid down: there is one for us
            if let Some(permit) = self.lanes[at].permit.take() {
                return permit;
            }
            at += 1;
            if at == self.lanes.len() {
                at = 0;
            }
        }
    }

    /// Lays a permit down, before the word counts it. What is newest goes where all can steal it.
    /// `true` if steps are left in the lane.
    pub(crate) fn put_permit(&self, permit: Box<Permit>) -> bool {
        let lane = &self.lanes[permit.lane];
        if let Some(newest) = lane.take_newest() {
            permit.deque.push(newest);
        }
        let left = !permit.deque.is_empty() || !permit.yielded.is_empty();
        lane.permit.store(Some(permit));
        left
    }

    /// Queues a step as the newest of the lane; `true` if another now waits in the deque.
    pub(crate) fn push_newest(&self, permit: &mut Permit, step: Runnable) -> bool {
        let lane = &self.lanes[permit.lane];
        let displaced = lane.newest.swap(Some(step));
        lane.has_newest.store(true, Ordering::Release);
        displaced.map(|older| permit.deque.push(older)).is_some()
    }

    /// Queues a step in the lane's deque.
    pub(crate) fn push_own(&self, permit: &mut Permit, step: Runnable) {
        permit.deque.push(step);
    }

    /// Queues a step behind all others.
    pub(crate) fn push_global(&self, step: Runnable) {
        self.global.push(step);
    }

    pub(crate) fn global_is_empty(&self) -> bool {
        self.global.is_empty()
    }

    /// The next step of the lane, or of the global queue.
    pub(crate) fn pop(&self, permit: &mut Permit) -> Option<Runnable> {
        let lane = &self.lanes[permit.lane];
        let step = if permit.is_time_to_look_around() {
            self.steal_global(permit).or_else(|| permit.yielded.pop()).or_else(|| self.pop_lane(lane, permit))
        } else {
            self.pop_lane(lane, permit)
                .or_else(|| if permit.steps.is_multiple_of(2) { self.steal_global(permit) } else { None })
                .or_else(|| permit.yielded.pop())
                .or_else(|| self.steal_global(permit))
        };
        if step.is_some() {
            permit.steps = permit.steps.wrapping_add(1);
            lane.steps.store(permit.steps, Ordering::Relaxed);
        }
        step
    }

    fn pop_lane(&self, lane: &Lane, permit: &mut Permit) -> Option<Runnable> {
        if permit.newest_in_a_row < NEWEST_IN_A_ROW {
            permit.newest_in_a_row += 1;
            if let Some(newest) = lane.take_newest() {
                return Some(newest);
            }
        }
        permit.newest_in_a_row = 0;
        permit.deque.pop().or_else(|| {
            if permit.yielded.is_empty() {
                permit.dry = permit.dry.wrapping_add(1);
                lane.dry.store(permit.dry, Ordering::Relaxed);
            }
            lane.take_newest()
        })
    }

    /// Queues a step behind all others of the lane.
    pub(crate) fn push_yielded(&self, permit: &mut Permit, step: Runnable) {
        permit.yielded.push(step);
    }

    fn steal_global(&self, permit: &Permit) -> Option<Runnable> {
        if self.global.is_empty() {
            return None;
        }
        insist(|| self.global.steal_batch_and_pop(&permit.deque))
    }

    /// A step of another lane, along with up to half of what is there; not before the thief has `seen` it there for a while.
    pub(crate) fn steal(&self, permit: &mut Permit, seen: &mut [SeenWork]) -> Option<Runnable> {
        let count = self.lanes.len();
        for offset in 1..count {
            let at = (permit.lane + offset) % count;
            let (victim, seen) = (&self.lanes[at], &mut seen[at]);
            if !seen.lasts(victim) {
                continue;
            }
            let step = insist(|| victim.stealer.steal_batch_and_pop(&permit.deque))
                .or_else(|| insist(|| victim.yielded.steal_batch_and_pop(&permit.yielded)));
            if let Some(step) = step {
                self.steals.fetch_add(1, Ordering::Relaxed);
                victim.taken.fetch_add(1, Ordering::Relaxed);
                permit.steps = permit.steps.wrapping_add(1);
                self.lanes[permit.lane].steps.store(permit.steps, Ordering::Relaxed);
                return Some(step);
            }
        }
        None
    }

    /// Whether there are steps that the holder of any permit could take.
    pub(crate) fn has_work(&self) -> bool {
        !self.global.is_empty() || self.lanes.iter().any(|lane| !lane.is_bare())
    }

    /// Looks at the newest step of each lane; one that was there at the last look already, with no
    /// step begun since, is stale and goes to the global queue. `true` if one may become so.
    pub(crate) fn rescue_stale(&self, seen: &mut [Seen]) -> bool {
        let mut suspicious = false;
        for (lane, seen) in self.lanes.iter().zip(seen) {
            let now = Seen {
                steps: lane.steps.load(Ordering::Relaxed),
                newest: lane.has_newest.load(Ordering::Acquire),
            };
            let stands_still = now.newest && now.steps == seen.steps;
            if stands_still
                && seen.newest
                && let Some(stale) = lane.steal_newest()
            {
                self.global.push(stale);
            }
            suspicious |= stands_still;
            *seen = now;
        }
        suspicious
    }

    /// Looks at the far end of each lane: where steps waited at the last look already and nobody has
    /// taken any since, the oldest go to the global queue.
    pub(crate) fn rescue_waiting(&self, seen: &mut [SeenWaiting]) {
        for (lane, seen) in self.lanes.iter().zip(seen) {
            let now =
                SeenWaiting { taken: lane.taken.load(Ordering::Relaxed), waiting: !lane.stealer.is_empty() };
            if now.waiting && seen.waiting && now.taken == seen.taken {
                let oldest = || insist(|| lane.stealer.steal());
                (0..RESCUED).map_while(|_| oldest()).for_each(|step| self.global.push(step));
            }
            *seen = now;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Steps that wait: an estimate, for people.
    pub(crate) fn queued(&self) -> usize {
        let lane = |lane: &CachePadded<Lane>| {
            lane.stealer.len() + lane.yielded.len() + usize::from(lane.has_newest.load(Ordering::Relaxed))
        };
        self.global.len() + self.lanes.iter().map(lane).sum::<usize>()
    }

    /// How many steps have begun, in all lanes.
    pub(crate) fn steps(&self) -> u32 {
        self.lanes.iter().fold(0, |sum, lane| sum.wrapping_add(lane.steps.load(Ordering::Relaxed)))
    }

    pub(crate) fn steals(&self) -> u64 {
        self.steals.load(Ordering::Relaxed)
    }
}

impl SeenWork {
    /// Another look at `lane`: whether there has been something to steal for long enough.
    fn lasts(&mut self, lane: &Lane) -> bool {
        let dry = lane.dry.load(Ordering::Relaxed);
        let steps = lane.steps.load(Ordering::Relaxed);
        if lane.is_bare() || dry != self.dry {
            *self = SeenWork { dry, looks: 0, steps };
            return false;
        }
        self.looks = (self.looks + 1).min(PATIENCE_WITH_THE_QUICK);
        let is_quick = steps.wrapping_sub(self.steps) > QUICK;
        self.looks >= if is_quick { PATIENCE_WITH_THE_QUICK } else { PATIENCE }
    }
}

impl Lane {
    /// Whether there is nothing to steal.
    fn is_bare(&self) -> bool {
        self.stealer.is_empty() && self.yielded.is_empty()
    }

    /// For the holder of the permit, who alone puts steps in.
    #[inline]
    fn take_newest(&self) -> Option<Runnable> {
        if !self.has_newest.load(Ordering::Relaxed) {
            return None;
        }
        self.has_newest.store(false, Ordering::Relaxed);
        self.newest.take()
    }

    /// For others. The flag goes down before the step is taken: if the holder of the permit puts
    /// another one in meanwhile, the flag it raises stays up.
    fn steal_newest(&self) -> Option<Runnable> {
        self.has_newest.store(false, Ordering::SeqCst);
        self.newest.take()
    }
}

fn insist(mut steal: impl FnMut() -> Steal<Runnable>) -> Option<Runnable> {
    loop {
        match steal() {
            Steal::Success(step) => return Some(step),
            Steal::Empty => return None,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").field("lanes", &self.lanes.len()).field("queued", &self.queued()).finish()
    }
}
