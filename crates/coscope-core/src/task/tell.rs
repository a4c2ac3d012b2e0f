//! What a coroutine tells those who listen of its beginning and its end. For whoever has seen that there are some.

use super::cell::TaskHead;
use crate::context::current;
use crate::job::NodeRef;
use crate::probe::{self, Outcome};

/// It was launched below `parent`, and stands nowhere yet.
///
/// What a probe has launched is hidden, and so is all that is launched by it or below it, or a probe that launches
/// could keep itself going for ever.
#[cold]
#[inline(never)]
pub(super) fn launched(node: &NodeRef, parent: &NodeRef, head: &TaskHead) {
    let by_hidden = || current::with_coroutine(|by| by.is_some_and(|by| by.state.is_hidden()));
    if probe::is_telling() || by_hidden() {
        node.state.hide();
    }
    node.tell_launched(parent, head.context.dispatcher().expect("a coroutine has a dispatcher"));
}

/// It has completed.
#[cold]
#[inline(never)]
pub(super) fn completed(node: &NodeRef, head: &TaskHead) {
    node.tell_completed(if head.state.is_panicked() {
        Outcome::Panicked
    } else if node.state.is_cut() {
        Outcome::Cancelled
    } else if head.state.is_failed() {
        Outcome::Failed
    } else {
        Outcome::Value
    });
}
