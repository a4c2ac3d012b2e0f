//! A step's budget: how much of our own primitives a coroutine may take before it lets others run.

use super::with;

/// Completed operations of our own primitives in one step, before it is made to yield.
pub(super) const WHOLE: i32 = 128;

/// Takes one from the step's budget. `false` if it is spent: the primitive suspends once instead.
#[inline]
pub(crate) fn spend() -> bool {
    with(|c| {
        if c.node.is_none() {
            return true; // no coroutine of ours: its executor has a budget of its own, or none
        }
        let left = c.budget.get();
        c.budget.set(left - left.signum());
        left != 0
    })
}

/// From now on nothing in the step takes a short way past those who listen.
pub(crate) fn begin_to_be_heard() {
    with(|c| {
        if c.node.is_some() {
            c.budget.set(-c.budget.get().abs());
        }
    });
}

/// As [`arrive`], in a step that is [heard](begin_to_be_heard).
pub(crate) fn arrive_heard() -> bool {
    with(|c| c.budget.get() < 0 && c.slot.get() == c.place.get()) && spend()
}

/// Whether the step is in the slot that this point belongs to, and its budget was not spent yet, of which this takes
/// one; never in a step that is [heard](begin_to_be_heard).
#[inline]
pub(crate) fn arrive() -> bool {
    with(|c| {
        let left = c.budget.get();
        let clear = left > 0 && c.slot.get() == c.place.get();
        if clear {
            c.budget.set(left - 1);
        }
        clear
    })
}

/// Whether the step has nothing left of its budget.
pub(crate) fn is_spent() -> bool {
    with(|c| c.budget.get() == 0)
}
