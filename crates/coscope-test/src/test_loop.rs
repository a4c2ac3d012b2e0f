//! [`TestLoop`]: one thread, first come, first served, on a virtual clock.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use coscope_core::Drive;
use coscope_core::dispatch::{Dispatch, Dispatcher, Runnable, keep_permit};
use coscope_core::time::Clock;

use crate::VirtualClock;

/// How long real work may keep the loop waiting before the test is given up.
const REAL_LIMIT: Duration = Duration::from_secs(60);

/// The queue of a test, its clock, and where its thread sleeps.
pub(crate) struct TestLoop {
    queue: Mutex<Queue>,
    changed: Condvar,
    clock: Arc<VirtualClock>,
    dispatcher: Dispatcher,
}

#[derive(Default)]
struct Queue {
    steps: VecDeque<Runnable>,
    unparked: bool,
}

impl TestLoop {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new_cyclic(|this: &Weak<TestLoop>| {
            let waker = this.clone();
            let clock = VirtualClock::new(move || {
                if let Some(this) = waker.upgrade() {
                    this.unpark();
                }
            });
            let dispatcher = Dispatcher::new(TestDispatcher { owner: this.clone(), clock: clock.clone() });
            TestLoop { queue: Mutex::default(), changed: Condvar::new(), clock, dispatcher }
        })
    }

    pub(crate) fn clock(&self) -> Arc<VirtualClock> {
        self.clock.clone()
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, step: Runnable) {
        self.queue().steps.push_back(step);
        self.changed.notify_one();
    }
}

impl Drive for TestLoop {
    fn dispatcher(&self) -> Dispatcher {
        self.dispatcher.clone()
    }

    fn run_until(&self, done: &dyn Fn() -> bool) {
        while !done() {
            let step = self.queue().steps.pop_front();
            if let Some(step) = step {
                keep_permit(|| step.run());
                continue;
            }
            if self.clock.advance_to_next() || done() {
                continue;
            }
            // Nothing runs here and no timer is set: something real must come.
            let queue = self.queue();
            let (mut queue, waited) = self
                .changed
                .wait_timeout_while(queue, REAL_LIMIT, |queue| queue.steps.is_empty() && !queue.unparked)
                .unwrap_or_else(PoisonError::into_inner);
            queue.unparked = false;
            drop(queue);
            if waited.timed_out() && !done() {
                eprintln!(
                    "coscope-test: nothing has happened for {REAL_LIMIT:?} of real time, no timer is set, and the test \
                     has not ended: it waits for what never comes"
                );
                std::process::abort();
            }
        }
    }

    fn unpark(&self) {
        self.queue().unparked = true;
        self.changed.notify_one();
    }
}

struct TestDispatcher {
    owner: Weak<TestLoop>,
    clock: Arc<VirtualClock>,
}

impl Dispatch for TestDispatcher {
    fn dispatch(&self, runnable: Runnable) {
        match self.owner.upgrade() {
            Some(owner) => owner.push(runnable),
            None => drop(runnable), // the test is over: refused
        }
    }
    fn show_clock(&self, to: &mut dyn FnMut(&dyn Clock)) {
        to(&*self.clock);
    }
    fn name(&self) -> &str {
        "test"
    }
}
