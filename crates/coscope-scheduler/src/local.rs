//! What a thread of the pool holds: its permit, and how the running step stands to it.
//!
//! | field | `true`, `Some` | changed by |
//! |---|---|---|
//! | `permit` | this thread holds a CPU permit | the worker between steps; in a step `exchange`, `blocking` |
//! | `in_step` | a step of the pool runs, and may exchange its permit | the worker |
//! | `blocked` | the step runs without a permit: the word counts it as blocking | as `permit` |
//! | `exchanged` | the step has entered a dispatcher in place: its places are left at its end | `exchange` |
//!
//! Imports `lane` only.

use std::cell::Cell;

use coscope_core::dispatch::Runnable;
use coscope_core::unwind::contain_or;

use crate::lane::Permit;

pub(crate) struct Local {
    /// The address of the pool that this thread works for, or 0.
    pub(crate) pool: Cell<usize>,
    pub(crate) permit: Cell<Option<Box<Permit>>>,
    pub(crate) has_permit: Cell<bool>,
    pub(crate) in_step: Cell<bool>,
    pub(crate) blocked: Cell<bool>,
    pub(crate) exchanged: Cell<bool>,
    /// The lane of the last permit, to be asked for again.
    pub(crate) lane: Cell<usize>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            pool: Cell::new(0),
            permit: Cell::new(None),
            has_permit: Cell::new(false),
            in_step: Cell::new(false),
            blocked: Cell::new(false),
            exchanged: Cell::new(false),
            lane: Cell::new(0),
        }
    };
}

impl Local {
    /// Runs `f` with what this thread holds; `None` at the end of a thread's life.
    #[inline]
    pub(crate) fn with<R>(f: impl FnOnce(&Local) -> R) -> Option<R> {
        LOCAL.try_with(f).ok()
    }

    /// Whether this thread works for the pool at `pool`.
    #[inline]
    pub(crate) fn works_for(&self, pool: usize) -> bool {
        self.pool.get() == pool
    }

    /// Runs `f` with the permit, if this thread holds one. `f` runs no foreign code.
    #[inline]
    pub(crate) fn with_permit<R>(&self, f: impl FnOnce(&mut Permit) -> R) -> Option<R> {
        let mut permit = self.permit.take()?;
        let result = f(&mut permit);
        self.permit.set(Some(permit));
        Some(result)
    }

    pub(crate) fn take_up(&self, permit: Box<Permit>) {
        self.lane.set(permit.lane());
        self.has_permit.set(true);
        self.permit.set(Some(permit));
    }

    pub(crate) fn lay_down(&self) -> Option<Box<Permit>> {
        self.has_permit.set(false);
        self.permit.take()
    }

    /// Runs one step, in which the permit may be exchanged; it comes back if it has yielded to the CPU steps of
    /// the pool.
    #[inline]
    pub(crate) fn step(&self, step: Runnable) -> Option<Runnable> {
        self.in_step.set(true);
        let yielded = contain_or("a step", None, || step.run_at(self.pool.get()));
        self.in_step.set(false);
        yielded
    }
}
