//! The way on from a wait: only in the place where the code belongs.
//!
//! A coroutine with an open `with_context` has steps in several places, and each step polls the whole
//! of it: what stands beside the `with_context` is polled on its dispatcher too. A wait of ours that is
//! over there does not go on; it has the coroutine come to the place where it belongs. So code goes on
//! where it should behind every one of our waits, if the waker that it was polled with is the
//! coroutine's own; behind a foreign one (`FuturesUnordered`) nobody would poll it again.

use std::panic::Location;
use std::task::{Context, Poll, Waker};

use crate::context::current;
use crate::job::waker;
pub use crate::mark::{Mark, Site, WaitKind};

/// Lets a wait that is over go on here, or has it polled again where it belongs.
#[inline]
pub fn pass<T>(cx: &Context<'_>, polled: Poll<T>) -> Poll<T> {
    if polled.is_pending() || is_open(cx) {
        return polled;
    }
    ask(cx);
    Poll::Pending
}

/// As [`pass`], of a wait that leaves its mark where it is pending.
#[inline]
pub fn pass_marked<T>(cx: &Context<'_>, polled: Poll<T>, mark: Mark) -> Poll<T> {
    let passed = pass(cx, polled);
    if passed.is_pending() {
        current::leave(mark);
    }
    passed
}

/// The coroutine is pending in a wait of ours, for those who look at it: see [`Job::sight`](crate::Job::sight).
#[inline]
pub fn waits(kind: WaitKind, site: &'static Location<'static>) {
    current::waits(kind, site);
}

/// As [`waits`].
#[inline]
pub fn leaves(mark: Mark) {
    current::leave(mark);
}

/// As [`waits`], for one of several, of which none is done.
pub fn waits_for_one_of_many(kind: WaitKind, site: &'static Location<'static>) {
    current::waits_for_one_of_many(kind, site);
}

/// As [`waits`], where nothing else has been said in this step: what is inside knows better.
#[inline]
pub fn waits_at_least(kind: WaitKind, site: &'static Location<'static>) {
    current::waits_at_least(|| crate::mark::Mark::new(kind, site));
}

/// Whether a wait that is over may go on in this step. If not, it [asks](ask) for another step, in
/// which it must find again that it is over.
#[inline]
pub fn is_open(cx: &Context<'_>) -> bool {
    let (slot, place) = current::whereabouts();
    slot == place || is_foreign(cx)
}

#[cold]
fn is_foreign(cx: &Context<'_>) -> bool {
    !current::coroutine().is_some_and(|node| node.is_woken_by(cx.waker()))
}

/// Whether a wait of ours may begin, and come to its end, in this step, of whose budget this takes one, and unheard: no
/// probe need be told. If not, ask whether it [`may_go_on`] all the same.
#[inline]
pub fn is_clear() -> bool {
    current::arrive()
}

/// Whether a wait of ours may begin, and come to its end, in this step, of whose budget this takes one. If not, it is pending, and
/// comes by again: this asks for a step in the place where it belongs if it is `due` there, which one who stands in a queue
/// is not before he is woken; a step that has done enough comes again when all others have had their turn.
#[inline]
pub fn may_go_on(cx: &Context<'_>, due: impl FnOnce() -> bool) -> bool {
    current::arrive() || is_let_on(cx, due)
}

#[cold]
fn is_let_on(cx: &Context<'_>, due: impl FnOnce() -> bool) -> bool {
    if current::arrive_heard() {
        return true;
    }
    if is_foreign(cx) {
        return true; // what polls this has a budget of its own, or would ask again in this very step
    }
    if current::is_spent() {
        give_way(cx, None);
    } else if due() {
        ask(cx);
    }
    false
}

/// The step goes to the back of the queue, and comes again.
#[inline]
pub(super) fn give_way(cx: &Context<'_>, mark: Option<Mark>) {
    if !current::yields_by(cx.waker(), mark) {
        cx.waker().wake_by_ref();
    }
}

/// Asks for a step in the place where this point belongs.
#[cold]
pub fn ask(cx: &Context<'_>) {
    let (_, place) = current::whereabouts();
    if let Some(node) = current::coroutine()
        && node.is_woken_by(cx.waker())
    {
        node.on_woken(place.slot());
    }
}

/// The number of the coroutine that runs here; 0 where there is none.
#[inline]
pub fn coroutine_number() -> u64 {
    current::with_coroutine(|node| node.map_or(0, |node| node.identity.id))
}

/// Another waker of the same, if it is one of a coroutine of ours: a count and no user code, so that it may be made under a lock.
#[inline]
pub fn own_waker(cx: &Context<'_>) -> Option<Waker> {
    waker::again(cx.waker())
}

/// As [`own_waker`], and as [`waits`]: the caller is pending if there is one.
#[inline]
pub fn own_waker_waits(cx: &Context<'_>, mark: Mark) -> Option<Waker> {
    waker::marked(cx.waker(), mark)
}
