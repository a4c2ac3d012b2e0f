//! How children are walked: in batches behind a **cursor**, a link of the walker's own that stands in the list.
//! Whatever comes and goes meanwhile, the walk goes on where it was, and the lock is free in between.
//!
//! So a walk meets each child that stands in the list all the time once, and none twice: children come in at the end,
//! and keep their order. A walk that takes its time ends where the list ended when it began: a second link stands there.

use std::fmt;
use std::mem::ManuallyDrop;
use std::pin::pin;
use std::ptr;

use super::node::{Node, NodeRef};
use super::tree::Link;

/// How many children a walk takes at a time.
const BATCH: usize = 32;

/// Who walks over children.
pub(super) trait Visit {
    /// The next few are about to be looked at; no lock is held.
    fn begin_batch(&mut self) {}
    /// Under the lock, and so neither to call anybody nor to dispatch: whether the child is to be visited.
    fn sift(&mut self, _child: &NodeRef) -> bool {
        true
    }
    /// With no lock held.
    fn visit(&mut self, child: NodeRef);
}

/// Takes the cursor out again, on unwinding too.
struct Standing<'a> {
    node: &'a Node,
    cursor: *const Link,
}

impl<'a> Standing<'a> {
    /// Puts the cursor before all children.
    ///
    /// # Safety
    /// The cursor stands nowhere, and stays where it is, alive, until this has gone.
    unsafe fn new(node: &'a Node, cursor: *const Link) -> Self {
        // SAFETY: the caller's contract.
        unsafe { node.guarded.lock().children.insert(cursor, ptr::null()) };
        Standing { node, cursor }
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        // SAFETY: the cursor stands in this list: `new` has put it there.
        unsafe { self.node.guarded.lock().children.remove(self.cursor) };
    }
}

/// Shows `see` up to `most` children behind the cursor and before `end` (null: all), under the lock, and puts the cursor
/// behind them. How many.
///
/// # Safety
/// The cursor stands in the list of `node`, and `end` behind it.
unsafe fn next_few(
    node: &Node,
    cursor: *const Link,
    end: *const Link,
    most: usize,
    mut see: impl FnMut(&NodeRef),
) -> usize {
    let mut guarded = node.guarded.lock();
    let mut seen = 0;
    // SAFETY: every link in the list is alive, and the lock is held.
    let mut at = unsafe { Link::next(cursor) };
    let mut behind = ptr::null();
    while at != end && seen < most {
        // SAFETY: as above; an owner that is linked is alive.
        unsafe {
            if let Some(owner) = (*at).owner() {
                see(&ManuallyDrop::new(NodeRef::from_raw(owner))); // not a count
                seen += 1;
            }
            behind = at;
            at = Link::next(at);
        }
    }
    if !behind.is_null() {
        // SAFETY: the cursor stands in the list, and so does `behind`, another link.
        unsafe {
            guarded.children.remove(cursor);
            guarded.children.insert(cursor, behind);
        }
    }
    seen
}

impl NodeRef {
    /// Calls `f` with each child, oldest first, with no lock held. Children that come meanwhile are
    /// seen, those that have gone are not.
    pub(crate) fn for_each_child(&self, f: impl FnMut(NodeRef)) {
        struct Each<F>(F);
        impl<F: FnMut(NodeRef)> Visit for Each<F> {
            fn visit(&mut self, child: NodeRef) {
                (self.0)(child);
            }
        }
        self.walk(&mut Each(f));
    }

    /// As [`for_each_child`](Self::for_each_child).
    pub(super) fn walk(&self, visitor: &mut impl Visit) {
        if !self.state.has_children() {
            return;
        }
        let cursor = pin!(Link::cursor());
        // SAFETY: the cursor is pinned in this frame, where it outlives `standing`.
        let standing = unsafe { Standing::new(self, &raw const *cursor) };
        let mut batch: [Option<NodeRef>; BATCH] = [const { None }; BATCH];
        loop {
            visitor.begin_batch();
            let mut taken = 0;
            let sift = |child: &NodeRef| {
                if visitor.sift(child) {
                    batch[taken] = Some(child.clone());
                    taken += 1;
                }
            };
            // SAFETY: it stands there.
            if unsafe { next_few(self, standing.cursor, ptr::null(), BATCH, sift) } == 0 {
                break;
            }
            for child in &mut batch[..taken] {
                visitor.visit(child.take().expect("just taken"));
            }
        }
    }
}

/// How far a walk over a job's children has come, for one that goes on when it likes:
/// [`Job::children_after`](crate::Job::children_after).
///
/// ```
/// # use coscope::{prelude::*, sight::ChildCursor};
/// run_blocking(async |s: Scope| {
///     for _ in 0..3 {
///         s.launch(std::future::pending());
///     }
///     let scope = &current_job().children_after(&mut ChildCursor::new(), 1)[0];
///     let mut cursor = ChildCursor::new();
///     assert_eq!(scope.children_after(&mut cursor, 2).len(), 2);
///     assert_eq!(scope.children_after(&mut cursor, 2).len(), 1);
///     assert!(scope.children_after(&mut cursor, 2).is_empty());
///     current_job().cancel_children("seen");
/// });
/// ```
#[derive(Default)]
pub struct ChildCursor(Option<Walk>);

/// The two links stand in the node's list as long as this lives.
struct Walk {
    node: NodeRef,
    links: Box<Links>,
}

struct Links {
    cursor: Link,
    end: Link,
}

// SAFETY: the links stand in the list of the node, and are touched under the lock of that only.
unsafe impl Send for Walk {}
// SAFETY: as above; and nothing is done through a shared reference.
unsafe impl Sync for Walk {}

impl Walk {
    fn new(node: NodeRef) -> Self {
        let walk = Walk { node, links: Box::new(Links { cursor: Link::cursor(), end: Link::cursor() }) };
        {
            let children = &mut walk.node.guarded.lock().children;
            let last = children.last();
            // SAFETY: the box stays as long as this does, which takes both out; the node as well, by its count.
            unsafe {
                children.insert(walk.end(), last);
                children.insert(walk.cursor(), ptr::null());
            }
        }
        walk
    }

    fn cursor(&self) -> *const Link {
        &raw const self.links.cursor
    }

    fn end(&self) -> *const Link {
        &raw const self.links.end
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        let children = &mut self.node.guarded.lock().children;
        // SAFETY: `new` has put them there.
        unsafe {
            children.remove(self.cursor());
            children.remove(self.end());
        }
    }
}

impl ChildCursor {
    /// One that stands before all children of whichever job it is first used with.
    ///
    /// ```
    /// let cursor = coscope::sight::ChildCursor::new();
    /// ```
    pub const fn new() -> Self {
        ChildCursor(None)
    }

    /// Up to `most` children of `node` that `is_wanted`, which is asked under the node's lock.
    pub(crate) fn next_few(
        &mut self,
        node: &NodeRef,
        most: usize,
        mut is_wanted: impl FnMut(&NodeRef) -> bool,
    ) -> Vec<NodeRef> {
        if self.0.as_ref().is_none_or(|walk| !walk.node.same(node)) {
            self.0 = None; // the old one goes first, under the lock of its own node
            if !node.state.has_children() {
                return Vec::new(); // most coroutines have none
            }
            self.0 = Some(Walk::new(node.clone()));
        }
        let walk = self.0.as_ref().expect("just made");
        let mut children = Vec::with_capacity(most.min(BATCH)); // not under the lock
        while children.len() < most {
            let left = most - children.len();
            let take = |child: &NodeRef| {
                if is_wanted(child) {
                    children.push(child.clone());
                }
            };
            let (cursor, end) = (walk.cursor(), walk.end());
            // SAFETY: they stand in the list of their node.
            if unsafe { next_few(&walk.node, cursor, end, left.min(BATCH), take) } == 0 {
                break;
            }
        }
        children
    }
}

impl fmt::Debug for ChildCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(walk) => write!(f, "ChildCursor(in {:?})", walk.node),
            None => f.write_str("ChildCursor(before all)"),
        }
    }
}
