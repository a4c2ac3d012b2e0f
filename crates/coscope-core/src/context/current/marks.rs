//! The marks that waits leave in the step that they are pending in, for those who look at the coroutine.

use std::panic::Location;

use super::{Asked, Frame, Step, with, with_context};
use crate::context::CoroutineContext;
use crate::mark::{Mark, WaitKind};

/// Marks the step as one that is pending in a wait of ours.
#[inline]
pub(crate) fn waits(kind: WaitKind, site: &'static Location<'static>) {
    leave(Mark::new(kind, site));
}

/// Leaves a mark.
#[inline]
pub(crate) fn leave(mark: Mark) {
    with(|c| c.set_mark(mark));
}

/// What is pending is inside of a wrapper that was made at `site`: see [`Mark::placed`].
#[inline(never)] // or whoever polls a body grows out of line
pub(crate) fn wraps_a_wait(site: &'static Location<'static>) {
    with(|c| {
        let mark = c.mark();
        if mark.is_of_an_await() {
            c.set_mark(mark.placed(site));
        }
    });
}

/// Marks the step as one that is pending in a wait for one of several [branches](branch).
pub(crate) fn waits_for_one_of_many(kind: WaitKind, site: &'static Location<'static>) {
    let mark = Mark::new(kind, site);
    with(|c| {
        let asked = c.asked.get();
        c.asked.set(Asked { foreign: false, ..asked });
        c.set_mark(if asked.foreign { mark.with_foreign() } else { mark });
    });
}

/// Runs `poll`, a poll of one of several branches, whose region has `frame`: if it is pending, says whether foreign code
/// may end that. Where wakers are counted, in virtual time, not if the branch has never kept one.
pub(crate) fn branch<T>(frame: &Frame, poll: impl FnOnce() -> T, is_pending: impl FnOnce(&T) -> bool) -> T {
    let are_counted = with_context(|context| context.is_some_and(CoroutineContext::has_clock));
    let lent = |c: &Step| c.notes().map_or(0, |node| node.lent.get());
    let lent_before = with(lent);
    let (polled, before) = apart(poll);
    with(|c| {
        let mark = c.mark();
        if mark.is_nothing() {
            c.set_mark(before);
        }
        frame.lends.set(frame.lends.get() || !are_counted || lent(c) > lent_before);
        if is_pending(&polled) && mark.is_foreign() && frame.lends.get() {
            c.asked.set(Asked { foreign: true, ..c.asked.get() });
        }
    });
    polled
}

/// Runs `f` as if the step had left no mark before; gives the one that it had.
#[inline]
pub(crate) fn apart<T>(f: impl FnOnce() -> T) -> (T, Mark) {
    let before = with(|c| {
        let before = c.mark();
        c.set_mark(Mark::NOTHING);
        before
    });
    (f(), before)
}

/// As [`waits`], if nothing in the step has said so before.
#[inline]
pub(crate) fn waits_at_least(mark: impl FnOnce() -> Mark) {
    with(|c| {
        if c.mark().is_nothing() {
            c.set_mark(mark());
        }
    });
}
