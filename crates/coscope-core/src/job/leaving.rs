//! [`Leaving`]: children of one parent that complete one after the other on one thread, and leave it together.
//!
//! Each has completed, and whoever waits for it has heard so; what is put off is to take it out of its
//! parent's list, which takes the parent's lock. That delays nobody:
//! they are put off only as long as **a sibling of theirs that has not completed runs on this thread**, without
//! which the parent cannot complete either.

use std::cell::{Cell, RefCell};
use std::ptr;

use super::node::{Node, NodeRef};
use crate::primitive::thread_local;
use crate::unwind;

/// So many leave at a time.
const MOST: usize = 32;

thread_local! {
    static LEAVING: Cell<*const Leaving> = const { Cell::new(ptr::null()) };
}

/// Those who are to leave.
pub(super) struct Leaving {
    /// Of the sibling that runs.
    parent: Cell<*const Node>,
    /// Each with its list's count, all below `parent`.
    gone: RefCell<Vec<NodeRef>>,
}

impl Leaving {
    /// Runs `f`, in which children may leave together.
    pub(super) fn together(f: impl FnOnce(&Leaving)) {
        struct Close(Leaving, *const Leaving);
        impl Drop for Close {
            fn drop(&mut self) {
                LEAVING.with(|leaving| leaving.set(self.1));
                self.0.leave();
            }
        }
        let leaving =
            Leaving { parent: Cell::new(ptr::null()), gone: RefCell::new(Vec::with_capacity(MOST)) };
        let mut close = Close(leaving, ptr::null());
        close.1 = LEAVING.with(|leaving| leaving.replace(&raw const close.0));
        f(&close.0);
    }

    /// A child of `parent` is about to run. Those of another leave now.
    #[inline]
    pub(super) fn turn_to(&self, parent: *const Node) {
        if self.parent.get() != parent {
            self.leave();
            self.parent.set(parent);
        }
    }

    /// Takes a node that has completed, if a sibling runs in a bracket on this thread; `false` if not.
    #[inline]
    pub(super) fn put(node: &NodeRef) -> bool {
        LEAVING.with(|leaving| {
            // SAFETY: it lies in the frame of `together`, below on this stack, which takes it back before it goes.
            let Some(leaving) = (unsafe { leaving.get().as_ref() }) else { return false };
            leaving.take(node)
        })
    }

    fn take(&self, node: &NodeRef) -> bool {
        let Some(parent) = node.parent() else { return false };
        if !ptr::eq(parent.as_raw().as_ptr(), self.parent.get()) || !node.state.is_linked_for_life() {
            return false;
        }
        // SAFETY: the count of the list, which its completion, that comes once, takes over.
        let counted = unsafe { NodeRef::from_raw(node.as_raw()) };
        let mut gone = self.gone.borrow_mut();
        gone.push(counted);
        if gone.len() == gone.capacity() {
            drop(gone);
            self.leave();
        }
        true
    }

    #[inline]
    fn leave(&self) {
        if !self.gone.borrow().is_empty() {
            self.leave_now();
        }
    }

    #[inline(never)]
    fn leave_now(&self) {
        let mut gone = self.gone.take();
        // they stand in its list still, whose token keeps the parent
        let parent = gone[0].parent().expect("they were linked below one");
        parent.let_go(&gone);
        unwind::contain("the Drop of what a coroutine has left", || gone.clear());
        self.gone.replace(gone);
    }
}
