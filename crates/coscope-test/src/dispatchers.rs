//! The dispatchers of a test: [`Queued`] and [`Eager`], on one queue and one clock. Imports `virtual_clock`.

use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};

use coscope_core::dispatch::{Dispatch, Dispatcher, Runnable};
use coscope_core::time::Clock;

use crate::virtual_clock::VirtualClock;

/// Whoever has the queue.
pub(crate) trait Steps: Send + Sync {
    /// Queues a step. From any thread.
    fn push(&self, step: Runnable);
}

/// Queues each step.
pub(crate) struct Queued {
    name: String,
    owner: Weak<dyn Steps>,
    clock: Arc<VirtualClock>,
}

impl Queued {
    pub(crate) fn new(name: impl Into<String>, owner: Weak<dyn Steps>, clock: Arc<VirtualClock>) -> Self {
        Queued { name: name.into(), owner, clock }
    }
}

impl Dispatch for Queued {
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
        &self.name
    }
}

/// Runs each step as soon as the step around has come to its end; what is resumed on another thread is queued.
pub(crate) struct Eager {
    queued: Queued,
    thread: ThreadId,
    unconfined: Dispatcher,
}

impl Eager {
    /// `thread` is the test's own.
    pub(crate) fn new(queued: Queued, thread: ThreadId) -> Self {
        Eager { queued, thread, unconfined: Dispatcher::unconfined() }
    }

    fn is_here(&self) -> bool {
        thread::current().id() == self.thread
    }
}

impl Dispatch for Eager {
    fn dispatch(&self, runnable: Runnable) {
        if self.is_here() && self.queued.owner.strong_count() > 0 {
            self.unconfined.dispatch(runnable);
        } else {
            self.queued.dispatch(runnable);
        }
    }
    fn dispatch_yield(&self, runnable: Runnable) {
        self.queued.dispatch(runnable);
    }
    fn is_dispatch_needed(&self) -> bool {
        !self.is_here()
    }
    fn show_clock(&self, to: &mut dyn FnMut(&dyn Clock)) {
        self.queued.show_clock(to);
    }
    fn name(&self) -> &str {
        self.queued.name()
    }
}
