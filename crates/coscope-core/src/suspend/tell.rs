//! What waits of ours tell those who listen. Each starts with one look whether anybody does, and need not be called in a
//! step that is not heard (`gate::is_clear`); none is to be called with a lock held.

use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::context::current;
use crate::job::Joining;
use crate::probe::{self, Blocked, Probe};
pub use crate::probe::{Resource, is_listening};
use crate::wait::Turn;

/// The running coroutine has to wait for something that `holder` has, if that is known.
#[inline(always)]
pub fn blocked(on: Resource, holder: Option<u64>, at: &'static Location<'static>) {
    if is_listening() {
        blocked_now(on, holder, at, false);
    }
}

/// As [`blocked`], in a select.
#[inline(always)]
pub fn blocked_in_select(on: Resource, holder: Option<u64>, at: &'static Location<'static>) {
    if is_listening() {
        blocked_now(on, holder, at, true);
    }
}

#[cold]
#[inline(never)]
fn blocked_now(on: Resource, holder: Option<u64>, at: &'static Location<'static>, alternative: bool) {
    let deadline = current::deadline();
    of_it(&|probe, waiter| probe.blocked(&Blocked { waiter, on, holder, at, alternative, deadline }));
}

/// The running coroutine, which was [`blocked`], goes on.
#[inline(always)]
pub fn granted(on: Resource) {
    if is_listening() {
        of_it(&|probe, waiter| probe.granted(waiter, on));
    }
}

/// The running coroutine, which was [`blocked`], has dropped the wait.
#[inline(always)]
pub fn left(on: Resource) {
    if is_listening() {
        of_it(&|probe, waiter| probe.left(waiter, on));
    }
}

/// Polls a join, and tells that it has to wait.
#[inline(always)]
pub(crate) fn join(joining: Pin<&Joining>, cx: &mut Context<'_>, at: &'static Location<'static>) -> Poll<()> {
    let polled = joining.poll(cx);
    if polled.is_pending() && is_listening() {
        joins(&joining, at, false);
    }
    polled
}

/// As [`join`], for a clause of a select.
pub(crate) fn join_in_select(
    joining: Pin<&Joining>,
    turn: &Turn<'_, '_>,
    at: &'static Location<'static>,
) -> Poll<()> {
    let polled = joining.poll_commit(turn);
    if polled.is_pending() && is_listening() {
        joins(&joining, at, true);
    }
    polled
}

#[cold]
#[inline(never)]
fn joins(joining: &Joining, at: &'static Location<'static>, alternative: bool) {
    current::with_coroutine(|node| {
        let node = node.filter(|node| !node.state.is_hidden());
        if let Some(waiter) = node.map(|node| node.identity.id)
            && let Some(on) = joining.begin_telling(waiter)
        {
            let (holder, deadline) = (Some(joining.node().identity.id), current::deadline());
            let blocked = Blocked { waiter, on, holder, at, alternative, deadline };
            probe::tell(&|probe| probe.blocked(&blocked));
        }
    });
}

/// Tells that a join goes on, if it had to wait.
#[inline(always)]
pub(crate) fn joined<T>(joining: &Joining, passed: Poll<T>) -> Poll<T> {
    if passed.is_ready() && is_listening() {
        joined_now(joining);
    }
    passed
}

#[cold]
#[inline(never)]
fn joined_now(joining: &Joining) {
    if let Some((waiter, on)) = joining.end_telling() {
        probe::tell(&|probe| probe.granted(waiter, on));
    }
}

/// Somebody has given back what others may wait for.
#[inline(always)]
pub fn released(on: impl FnOnce() -> Resource) {
    if is_listening() {
        released_now(on());
    }
}

#[cold]
#[inline(never)]
fn released_now(on: Resource) {
    probe::tell(&|probe| probe.released(on));
}

/// What has to do with the running coroutine; told of none that is not ours.
#[cold]
#[inline(never)]
fn of_it(event: &dyn Fn(&dyn Probe, u64)) {
    current::with_coroutine(|node| {
        if let Some(node) = node {
            node.tell_of_it(event);
        }
    });
}
