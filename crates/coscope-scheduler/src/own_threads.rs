//! [`OwnThreads`]: a dispatcher with threads of its own, one or a fixed number.
//!
//! One locked queue. It closes when the last handle drops: the threads hold the queue, not the
//! handle, and end by themselves, so that the last handle may well be dropped on one of them.
//! Imports `spin`, `home`.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;

use coscope_core::dispatch::{Dispatch, Dispatcher, Runnable};
use coscope_core::primitive::{AtomicBool, Ordering};
use coscope_core::time::Instant;
use coscope_core::unwind::{contain, drop_contained};
use parking_lot::{Condvar, Mutex};

use crate::home;
use crate::spin::Spin;

/// The handle: threads that run steps of this dispatcher only.
pub(crate) struct OwnThreads {
    name: String,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    /// There is something to see under the lock. For those who look again before they sleep.
    changed: AtomicBool,
}

#[derive(Default)]
struct State {
    steps: VecDeque<Runnable>,
    waiting: usize,
    closed: bool,
}

impl OwnThreads {
    /// Starts the threads: one called `name`, or several called `name-1` and so on.
    pub(crate) fn start(n: usize, name: &str) -> io::Result<Dispatcher> {
        let queue = Arc::new(Queue::default());
        let handle = Arc::new(OwnThreads { name: name.to_owned(), queue: queue.clone() });
        let home = Arc::as_ptr(&handle).addr();
        for number in 1..=n {
            let name = if n == 1 { name.to_owned() } else { format!("{name}-{number}") };
            let queue = queue.clone();
            // if one cannot be started, the handle's drop ends the others
            thread::Builder::new().name(name).spawn(move || {
                let _home = home::enter(home);
                queue.serve(n == 1);
            })?;
        }
        Ok(Dispatcher::from_arc(handle))
    }
}

impl Queue {
    /// Only one who is `alone` looks again before it sleeps: of several, all would.
    fn serve(&self, alone: bool) {
        let mut spin = Spin::new();
        let mut state = self.state.lock();
        loop {
            if let Some(step) = state.steps.pop_front() {
                drop(state);
                contain("a step", || step.run());
                state = self.state.lock();
            } else if state.closed {
                return;
            } else {
                self.changed.store(false, Ordering::Relaxed);
                drop(state);
                let found = alone && spin.until(Instant::system_now, || self.changed.load(Ordering::Relaxed));
                state = self.state.lock();
                if !found && state.steps.is_empty() && !state.closed {
                    state.waiting += 1;
                    self.filled.wait(&mut state);
                    state.waiting -= 1;
                }
            }
        }
    }
}

impl Dispatch for OwnThreads {
    fn dispatch(&self, runnable: Runnable) {
        let mut state = self.queue.state.lock();
        state.steps.push_back(runnable);
        self.queue.changed.store(true, Ordering::Relaxed);
        let wake = state.waiting > 0;
        drop(state);
        if wake {
            self.queue.filled.notify_one();
        }
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for OwnThreads {
    fn drop(&mut self) {
        let refused = {
            let mut state = self.queue.state.lock();
            state.closed = true;
            self.queue.changed.store(true, Ordering::Relaxed);
            std::mem::take(&mut state.steps)
        };
        self.queue.filled.notify_all();
        refused.into_iter().for_each(drop_contained);
    }
}

impl fmt::Debug for OwnThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnThreads")
            .field("name", &self.name)
            .field("queued", &self.queue.state.lock().steps.len())
            .finish_non_exhaustive()
    }
}
