//! [`Executor`]: any `Fn(Runnable)` as a dispatcher.
//!
//! It is foreign code, so its two likely faults are met: it may run the step inside the call (in the
//! middle of somebody's step, perhaps under somebody's lock), and it may panic. May import
//! `primitive`, `unwind`, and here `runnable`, `dispatcher`, `runtime`.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use super::{Dispatch, Runnable, runtime};
use crate::primitive::{AtomicBool, Ordering, thread_local};
use crate::unwind::contain;

thread_local! {
    /// How many calls of executors are in progress on this thread.
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// A dispatcher made from a function that takes steps.
pub(super) struct Executor<F> {
    shared: Arc<Shared>,
    execute: F,
}

struct Shared {
    name: String,
    reported: AtomicBool,
}

impl<F: Fn(Runnable) + Send + Sync + 'static> Executor<F> {
    /// A dispatcher that hands each step to `execute`.
    pub(super) fn new(name: String, execute: F) -> Self {
        Executor { shared: Arc::new(Shared { name, reported: AtomicBool::new(false) }), execute }
    }
}

impl<F: Fn(Runnable) + Send + Sync + 'static> Dispatch for Executor<F> {
    fn dispatch(&self, runnable: Runnable) {
        let shared = self.shared.clone();
        let guarded = Runnable::from_fn(move || {
            if CALLS.try_with(Cell::get).unwrap_or(0) == 0 {
                return runnable.run();
            }
            if !shared.reported.swap(true, Ordering::Relaxed) {
                eprintln!(
                    "coscope: the executor {:?} runs a step inside the call that takes it; \
                     such steps go to the default dispatcher",
                    shared.name
                );
            }
            runtime().default_dispatcher().dispatch(runnable);
        });
        let _call = Call::begin();
        contain("an executor", || (self.execute)(guarded));
    }

    fn name(&self) -> &str {
        &self.shared.name
    }
}

impl<F> fmt::Debug for Executor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

struct Call;

impl Call {
    fn begin() -> Self {
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
        Call
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let _ = CALLS.try_with(|calls| calls.set(calls.get() - 1));
    }
}
