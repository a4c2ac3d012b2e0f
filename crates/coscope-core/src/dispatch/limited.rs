//! [`Limited`]: at most *n* steps at once, as a view of another dispatcher.
//!
//! A queue and the number of places taken, under one short lock. A place belongs to a *runner*, a
//! step of the dispatcher below that runs up to [`ROUND`] steps of the queue and then goes to the end
//! of that dispatcher's own queue, or to a step that has [entered in place](super::place).
//!
//! ```text
//!                  (1) dispatch: push; a place free?           (2) take: queue empty
//!                      yes: taken += 1, start a runner             taken -= 1, the runner ends
//!   ┌──────┐ ─────────────────────────────────────▶ ┌─────────┐ ──────────────────────────▶ (gone)
//!   │ free │                                        │ running │ ──┐ (3) take: a step, run it; after
//!   │ place│ ◀───────────────────────────────────── └─────────┘ ◀─┘     16 of them dispatch_yield
//!   └──────┘   (4) leave: queue empty → taken -= 1       │
//!      │           else the place goes to a new runner   │ (5) refused below: taken -= 1; the last one
//!      │                                                 ▼     takes the queue along and drops it
//!      └─(6) try_enter: queue empty, taken += 1        (gone)
//! ```
//!
//! In (1) and (2) the queue and the count are seen under one lock. Were they not, a runner could find
//! the queue empty, a dispatch could push and find no place free, and the runner end: a step that
//! nobody runs.
//!
//! May import `primitive`, `unwind`, and here `runnable`, `dispatcher`, `place`.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::place::{self, Place};
use super::{Dispatch, Dispatcher, Runnable, Shared, SharedStep};
use crate::primitive::Mutex;
use crate::time::Clock;
use crate::unwind::{contain, drop_contained};

/// A runner goes to the end of the queue below after so many steps.
const ROUND: usize = 16;

/// A view of a dispatcher that runs at most *n* steps at once, first come, first served.
///
/// Clones are the same view.
#[derive(Clone)]
pub struct Limited(Arc<Shared<View>>);

struct View {
    below: Dispatcher,
    limit: usize,
    name: String,
    state: Mutex<State>,
}

struct State {
    queue: VecDeque<Runnable>,
    taken: usize,
}

impl Limited {
    /// A view of `inner` that runs at most `n` steps at once.
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    pub fn new(inner: Dispatcher, n: usize, name: Option<String>) -> Self {
        assert!(n > 0, "a view with no place runs nothing; the least is 1");
        let name = name.unwrap_or_else(|| format!("{}.limited({n})", inner.name()));
        let state = Mutex::new(State { queue: VecDeque::new(), taken: 0 });
        Limited(Shared::new(View { below: inner, limit: n, name, state }))
    }

    /// Takes a place for the calling thread, if one is free and nobody queues for it.
    pub fn try_enter(&self) -> bool {
        let mut state = self.0.state.lock();
        let free = state.taken < self.0.limit && state.queue.is_empty();
        state.taken += usize::from(free);
        free
    }

    /// Gives back a place that [`try_enter`](Self::try_enter) has given; whoever queues gets it.
    pub fn leave(&self) {
        self.0.clone().leave();
    }

    /// At most so many at once.
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// How many places are taken.
    pub fn running(&self) -> usize {
        self.0.state.lock().taken
    }

    /// How many steps are queued.
    pub fn queued(&self) -> usize {
        self.0.state.lock().queue.len()
    }
}

impl Dispatch for Limited {
    fn dispatch(&self, runnable: Runnable) {
        let start = {
            let mut state = self.0.state.lock();
            state.queue.push_back(runnable);
            let free = state.taken < self.0.limit;
            state.taken += usize::from(free);
            free
        };
        if start {
            self.0.below.dispatch(Runnable::from_shared(self.0.clone()));
        }
    }

    fn enter_in_place(&self) -> bool {
        if !place::may_exchange() || !self.try_enter() {
            return false;
        }
        // below it comes down to the pool, which leaves the places that the step has held so far
        let entered = self.0.below.dispatch_impl().enter_in_place();
        if entered {
            place::hold(self.0.clone());
        } else {
            self.leave();
        }
        entered
    }

    fn show_clock(&self, to: &mut dyn FnMut(&dyn Clock)) {
        self.0.below.dispatch_impl().show_clock(to);
    }

    fn name(&self) -> &str {
        &self.0.name
    }
}

impl View {
    /// The next step; if there is none, the runner's place is given back.
    fn take(&self) -> Option<Runnable> {
        let mut state = self.state.lock();
        let step = state.queue.pop_front();
        state.taken -= usize::from(step.is_none());
        step
    }

    /// Whether somebody queues for the place; if not, it is given back.
    fn keep_if_queued(&self) -> bool {
        let mut state = self.state.lock();
        let queued = !state.queue.is_empty();
        state.taken -= usize::from(!queued);
        queued
    }
}

/// A runner.
impl SharedStep for View {
    fn run(this: Arc<Shared<Self>>) {
        let since = place::hold(this.clone());
        for _ in 0..ROUND {
            let Some(step) = this.take() else { return place::release() };
            contain("a step", || step.run());
            if !place::still_held(since) {
                return;
            }
        }
        place::release();
        if this.keep_if_queued() {
            let below = this.below.clone();
            below.dispatch_yield(Runnable::from_shared(this));
        }
    }

    fn refuse(this: Arc<Shared<Self>>) {
        let refused = {
            let mut state = this.state.lock();
            state.taken -= 1;
            if state.taken == 0 { std::mem::take(&mut state.queue) } else { VecDeque::new() }
        };
        refused.into_iter().for_each(drop_contained);
    }
}

impl Place for Shared<View> {
    fn leave(self: Arc<Self>) {
        if self.keep_if_queued() {
            let below = self.below.clone();
            below.dispatch(Runnable::from_shared(self));
        }
    }
}

impl fmt::Debug for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited")
            .field("name", &self.0.name)
            .field("limit", &self.0.limit)
            .field("running", &self.running())
            .field("queued", &self.queued())
            .finish()
    }
}
