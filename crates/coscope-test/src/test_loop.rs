//! [`TestLoop`]: one thread on a virtual clock. Imports all above it.
//!
//! ```text
//!   ready steps ──none──▶ real work in flight? ──no──▶ a wish, or the next timer ──none──▶ stuck
//!                                 └──yes──▶ sleeps, the clock stands still
//!   stuck ──somebody is to call back?──yes──▶ sleeps ──no──▶ a deadlock
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use coscope_core::dispatch::{Dispatcher, Runnable, keep_permit};
use coscope_core::sight::{Wait, WaitKind, Walk, tree};
use coscope_core::time::{Clock, Instant};
use coscope_core::{Drive, Job};

use crate::dispatchers::{Queued, Steps};
use crate::order::Order;
use crate::panic_tree::{self, MOST};
use crate::real_work::InFlight;
use crate::step_watch::Watched;
use crate::virtual_clock::VirtualClock;
use crate::wishes::Wishes;

/// After so many steps the loop looks at the real time.
const ROUND: u32 = 64;
/// So long a test that has been given up may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// The queue of a test, its clocks, and where its thread sleeps.
pub(crate) struct TestLoop {
    queue: Mutex<Queue>,
    changed: Condvar,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) clock: Arc<VirtualClock>,
    /// Of the background scope.
    pub(crate) background_clock: Arc<VirtualClock>,
    pub(crate) wishes: Arc<Wishes>,
    pub(crate) dispatcher: Dispatcher,
    limit: Duration,
    watched: Arc<Watched>,
    fate: Mutex<Fate>,
}

struct Queue {
    steps: VecDeque<Runnable>,
    order: Order,
    changed: bool,
}

/// How the test fares.
struct Fate {
    root: Option<Job>,
    gives_up_at: Instant,
    verdict: Option<String>,
}

impl TestLoop {
    /// A loop whose test may take `limit` of real time, and a step of it `step_limit`.
    pub(crate) fn new(limit: Duration, step_limit: Duration, order: Order) -> Arc<Self> {
        let watched = Watched::new(step_limit, |text| eprintln!("{text}"));
        Arc::new_cyclic(|this: &Weak<TestLoop>| {
            let tell = |this: Weak<TestLoop>| {
                move || {
                    if let Some(this) = this.upgrade() {
                        this.unpark();
                    }
                }
            };
            let in_flight = InFlight::new(tell(this.clone()));
            let clock = VirtualClock::counting(tell(this.clone()), in_flight.clone());
            TestLoop {
                queue: Mutex::new(Queue { steps: VecDeque::new(), order, changed: false }),
                changed: Condvar::new(),
                in_flight,
                background_clock: clock.beside(),
                dispatcher: Dispatcher::new(Queued::new("test", this.clone(), clock.clone())),
                clock,
                wishes: Arc::default(),
                limit,
                watched,
                fate: Mutex::new(Fate {
                    root: None,
                    gives_up_at: Instant::system_now() + limit,
                    verdict: None,
                }),
            }
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self) -> MutexGuard<'_, Fate> {
        self.fate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_step(&self) -> Option<Runnable> {
        let mut queue = self.queue();
        let len = queue.steps.len();
        if len == 0 {
            return None;
        }
        let place = queue.order.pick(len);
        if place == 0 { queue.steps.pop_front() } else { queue.steps.remove(place) }
    }

    /// Grants a wish, or moves the clock to the next timer. `false` if there is neither.
    fn advance(&self) -> bool {
        let in_front = self.clock.timers().next_deadline();
        let behind = self.background_clock.timers().next_deadline();
        let next = [in_front, behind].into_iter().flatten().min();
        if let Some((at, waker)) = self.wishes.grant(self.clock.now(), next, in_front) {
            self.clock.move_to(at);
            waker.wake();
            return true;
        }
        let Some(next) = next else { return false };
        self.clock.move_to(next);
        for (clock, deadline) in [(&self.clock, in_front), (&self.background_clock, behind)] {
            if deadline == Some(next) {
                clock.fire();
            }
        }
        true
    }

    /// Whether somebody outside is to call a coroutine of the test back. He needs no timer for it.
    fn awaits_a_callback(&self) -> bool {
        let root = self.fate().root.clone();
        let is_one = |wait: Wait| wait.kind == WaitKind::Callback;
        root.is_some_and(|root| Walk::new(root).any(|walked| walked.job.sight().wait.is_some_and(is_one)))
    }

    /// Nothing goes on by itself.
    fn wait_or_give_up(&self) {
        if self.awaits_a_callback() {
            self.sleep();
            self.look_at_real_time();
        } else if !self.in_flight.is_any() && self.is_stuck() {
            // looked at again: the callback may have come, on another thread, before its coroutine was met
            self.give_up("Deadlock: nothing can run, no timer is set, no real work is in flight");
        }
    }

    /// Sleeps until a step comes or somebody calls, or the test is given up.
    fn sleep(&self) {
        let left = self.fate().gives_up_at - Instant::system_now();
        let queue = self.queue();
        let (mut queue, _) = self
            .changed
            .wait_timeout_while(queue, left, |queue| queue.steps.is_empty() && !queue.changed)
            .unwrap_or_else(PoisonError::into_inner);
        queue.changed = false;
    }

    /// What the test is: the coroutine below which all of it is.
    pub(crate) fn begin(&self, root: Job) {
        panic_tree::name(root.clone());
        self.watched.set_root(root.clone());
        self.fate().root = Some(root);
    }

    /// Why the test was given up, if it was.
    pub(crate) fn verdict(&self) -> Option<String> {
        self.fate().verdict.take()
    }

    fn look_at_real_time(&self) {
        if self.fate().gives_up_at <= Instant::system_now() {
            self.give_up(&format!("{:?} of real time have passed", self.limit));
        }
    }

    /// Cancels the test, to fail when it has ended. One that does not end then takes the process along: its
    /// coroutines borrow from the stack of this thread.
    fn give_up(&self, why: &str) {
        let root = self.fate().root.clone();
        let tree = root.as_ref().map_or(String::new(), |root| tree(root, MOST));
        let text = format!("{why}, and the test has not ended. At {:?}:\n{tree}", self.now());
        let given_up_before = {
            let mut fate = self.fate();
            fate.gives_up_at = Instant::system_now() + GRACE;
            let before = fate.verdict.is_some();
            fate.verdict.get_or_insert(text.clone());
            before
        };
        let root = root.filter(|_| !given_up_before);
        let Some(root) = root else {
            eprintln!("coscope-test: a test that was given up does not end: {text}");
            std::process::abort();
        };
        root.cancel("the test is given up");
    }

    /// Virtual time since the test began.
    fn now(&self) -> Duration {
        self.clock.now() - crate::virtual_clock::BEGIN
    }
}

impl Drive for TestLoop {
    fn dispatcher(&self) -> Dispatcher {
        self.dispatcher.clone()
    }

    fn run_until(&self, done: &dyn Fn() -> bool) {
        let mut rounds = 0u32;
        loop {
            rounds = rounds.wrapping_add(1);
            if rounds.is_multiple_of(ROUND) {
                self.look_at_real_time();
            }
            // before the rest: what it has led to is there when it has ended
            let real_work = self.in_flight.is_any();
            if done() {
                return;
            }
            if let Some(step) = self.next_step() {
                self.watched.watch(|| keep_permit(|| step.run()));
            } else if real_work {
                self.sleep();
                self.look_at_real_time();
            } else if !self.advance() && self.is_stuck() {
                self.wait_or_give_up();
            }
        }
    }

    fn unpark(&self) {
        self.queue().changed = true;
        self.changed.notify_one();
    }
}

impl Steps for TestLoop {
    fn push(&self, step: Runnable) {
        self.queue().steps.push_back(step);
        self.changed.notify_one();
    }
}

impl TestLoop {
    /// Whether nobody has called since the loop last looked.
    fn is_stuck(&self) -> bool {
        let mut queue = self.queue();
        !std::mem::take(&mut queue.changed) && queue.steps.is_empty()
    }
}
