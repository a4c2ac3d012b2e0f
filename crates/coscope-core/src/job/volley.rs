//! [`Volley`]: the steps of coroutines that are cut together, a few dozen of them in one.
//!
//! A cancel may reach hundreds of thousands at once. To queue each, and to steal each, costs more than
//! to run it: its step only drops a future. So those of one dispatcher go out as one step, which runs one
//! after the other, the youngest first. None of them waits for another, though:
//!
//! ```text
//!   run: claim the next ─▶ others left? ──yes──▶ dispatch the volley once more (the first time) ─▶ run what
//!          ▲                                     was claimed ─▶ exchanged a permit? ──yes──▶ end
//!          └───────────────────────────────────────────────────────── no ──┘
//! ```
//!
//! While a step runs, a handle to the rest is queued: if it takes long, or blocks, another thread goes on.

use std::array;
use std::ptr;
use std::sync::Arc;

use super::leaving::Leaving;
use super::node::{Node, NodeRef};
use crate::dispatch::{Dispatcher, Runnable, Shared, SharedStep, exchanges};
use crate::primitive::{AtomicUsize, Ordering, UnsafeCell};
use crate::unwind;

/// So many steps go out in one.
const SIZE: usize = 32;

/// A step, and the parent of whom it belongs to: to be compared only.
type Member = (Runnable, *const Node);

/// Steps that are being gathered.
pub(crate) struct Volley {
    dispatcher: Option<Dispatcher>,
    steps: Vec<Member>,
}

impl Volley {
    pub(super) const fn new() -> Self {
        Volley { dispatcher: None, steps: Vec::new() }
    }

    /// Whether it can take a step that is to run on `dispatcher`.
    #[inline]
    pub(crate) fn takes(&self, dispatcher: &Dispatcher) -> bool {
        self.steps.is_empty() || (self.steps.len() < SIZE && self.dispatcher.as_ref() == Some(dispatcher))
    }

    /// Takes a step of `node`, if it [can](Self::takes).
    #[inline]
    pub(crate) fn push(&mut self, dispatcher: &Dispatcher, step: Runnable, node: &NodeRef) {
        debug_assert!(self.takes(dispatcher), "a step that the volley does not take");
        if self.steps.is_empty() {
            self.steps.reserve_exact(SIZE); // the first time
            self.dispatcher = Some(dispatcher.clone());
        }
        let parent = node.parent().map_or(ptr::null(), |parent| parent.as_raw().as_ptr().cast_const());
        self.steps.push((step, parent));
    }

    /// Dispatches what is there if it is full.
    pub(super) fn make_room(&mut self) {
        if self.steps.len() == SIZE {
            self.fire();
        }
    }

    /// Dispatches what is there.
    pub(super) fn fire(&mut self) {
        let Some(dispatcher) = &self.dispatcher else { return };
        if self.steps.len() > 1 {
            let count = self.steps.len();
            let mut steps = self.steps.drain(..).rev();
            let steps = array::from_fn(|_| UnsafeCell::new(steps.next()));
            let batch = Batch { dispatcher: dispatcher.clone(), count, claimed: AtomicUsize::new(0), steps };
            dispatcher.dispatch(Runnable::from_shared(Shared::new(batch)));
        } else if let Some((step, _)) = self.steps.pop() {
            dispatcher.dispatch(step);
        }
    }
}

impl Drop for Volley {
    fn drop(&mut self) {
        self.fire();
    }
}

/// Steps that go out together.
struct Batch {
    dispatcher: Dispatcher,
    count: usize,
    /// How many have been claimed, and by how many in vain.
    claimed: AtomicUsize,
    steps: [UnsafeCell<Option<Member>>; SIZE],
}

// SAFETY: steps are `Send`, and each is touched by the one who has claimed it only; the pointers beside
// them are not followed.
unsafe impl Sync for Batch {}
// SAFETY: as above.
unsafe impl Send for Batch {}

impl Batch {
    /// The next step, and whether it was the last.
    #[inline]
    fn claim(&self) -> Option<(Member, bool)> {
        let at = self.claimed.fetch_add(1, Ordering::Relaxed);
        let step = self.steps.get(at).filter(|_| at < self.count)?;
        // SAFETY: the count gives each number once.
        let step = step.with_mut(|step| unsafe { (*step).take() });
        step.map(|step| (step, at + 1 == self.count))
    }
}

impl SharedStep for Batch {
    fn run(this: Arc<Shared<Self>>) {
        let since = exchanges();
        let mut helped = false;
        Leaving::together(|leaving| {
            while let Some(((step, parent), last)) = this.claim() {
                if !last && !std::mem::replace(&mut helped, true) {
                    this.dispatcher.dispatch(Runnable::from_shared(this.clone()));
                }
                leaving.turn_to(parent);
                unwind::contain("a step", || step.run());
                if exchanges() != since {
                    return; // on a permit that is not this dispatcher's; the rest is queued
                }
            }
        });
    }

    fn refuse(this: Arc<Shared<Self>>) {
        while let Some(((step, _), _)) = this.claim() {
            unwind::drop_contained(step);
        }
    }
}
