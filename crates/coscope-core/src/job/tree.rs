//! Who hangs where: the list of a node's children, how a child comes in and goes.
//!
//! The list is intrusive and doubly linked, under the parent's lock. How it is walked, `walk` says.

use std::marker::PhantomPinned;
use std::ptr::{self, NonNull};

use super::leaving::Leaving;
use super::node::{Node, NodeRef, SOMEBODY};
use super::state::{Admission, Ended, Release};
use crate::primitive::UnsafeCell;

/// A place in a list: a child's, or (with no owner) a walker's cursor.
#[derive(Debug)]
pub(crate) struct Link {
    ends: UnsafeCell<Ends>,
    owner: *const Node,
    _pinned: PhantomPinned,
}

#[derive(Debug, Clone, Copy)]
struct Ends {
    prev: *const Link,
    next: *const Link,
}

impl Link {
    pub(super) fn new(owner: NonNull<Node>) -> Self {
        Link { owner: owner.as_ptr(), ..Link::cursor() }
    }

    pub(super) fn cursor() -> Self {
        let ends = Ends { prev: ptr::null(), next: ptr::null() };
        Link { ends: UnsafeCell::new(ends), owner: ptr::null(), _pinned: PhantomPinned }
    }

    /// Whose place it is; nobody's where it is a cursor.
    pub(super) fn owner(&self) -> Option<NonNull<Node>> {
        NonNull::new(self.owner.cast_mut())
    }

    /// What stands behind it.
    ///
    /// # Safety
    /// It stands in a list whose lock is held, and is alive.
    pub(super) unsafe fn next(link: *const Link) -> *const Link {
        // SAFETY: the caller's contract.
        unsafe { Link::ends(link, |ends| ends.next) }
    }

    /// # Safety
    /// The lock of the list that the link stands in, or is about to, is held, and `link` is alive.
    unsafe fn ends<R>(link: *const Link, f: impl FnOnce(&mut Ends) -> R) -> R {
        // SAFETY: the caller's contract; the reference does not outlive the closure.
        unsafe { (*link).ends.with_mut(|ends| f(&mut *ends)) }
    }
}

/// The children of a node, oldest first. Every method is called under the node's lock.
#[derive(Debug)]
pub(crate) struct List {
    first: *const Link,
    last: *const Link,
}

// SAFETY: links are followed only under the lock that the list lives in; what they lead to is a
// node that is linked, and hence alive.
unsafe impl Send for List {}

impl List {
    pub(super) const fn new() -> Self {
        List { first: ptr::null(), last: ptr::null() }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// Whether no child stands here; walkers may.
    #[inline]
    fn is_childless(&self) -> bool {
        let mut at = self.first;
        while !at.is_null() {
            // SAFETY: what stands in the list is alive, and `&self` is the lock.
            unsafe {
                if (*at).owner().is_some() {
                    return false;
                }
                at = Link::next(at);
            }
        }
        true
    }

    /// What stands last; null in an empty list.
    pub(super) fn last(&self) -> *const Link {
        self.last
    }

    /// Puts `link` behind `after`, at the front if that is null.
    ///
    /// # Safety
    /// `after` stands in this list, `link` in none; `link` stays alive until it is removed.
    pub(super) unsafe fn insert(&mut self, link: *const Link, after: *const Link) {
        // SAFETY: the caller's contract, and `&mut self` is the lock.
        unsafe {
            let next = if after.is_null() { self.first } else { Link::ends(after, |e| e.next) };
            Link::ends(link, |e| *e = Ends { prev: after, next });
            if after.is_null() {
                self.first = link
            } else {
                Link::ends(after, |e| e.next = link)
            }
            if next.is_null() { self.last = link } else { Link::ends(next, |e| e.prev = link) }
        }
    }

    /// # Safety
    /// `link` stands in this list.
    pub(super) unsafe fn remove(&mut self, link: *const Link) {
        // SAFETY: the caller's contract, and `&mut self` is the lock.
        unsafe {
            let Ends { prev, next } = Link::ends(link, |e| *e);
            if prev.is_null() {
                self.first = next
            } else {
                Link::ends(prev, |e| e.next = next)
            }
            if next.is_null() { self.last = prev } else { Link::ends(next, |e| e.prev = prev) }
        }
    }
}

impl NodeRef {
    /// Hangs a new node below its parent. The order is the protocol: into the list, under the parent's lock, and the
    /// caller looks at the parent's cancel bit **after** that; a cancel sets the bit first and looks at the list after,
    /// if that has a token: under the lock. One of the two sees the other. (The first child takes the list's token; that
    /// and the cancel bit are in one word.)
    ///
    /// A region hangs itself below its own parent when its first child comes.
    #[inline(always)]
    pub(crate) fn link(&self) -> Admission {
        let Some(parent) = self.parent() else { return Admission::Admitted };
        if parent.link_region() == Admission::Refused || self.insert_below(parent) == Admission::Refused {
            self.state.clear_linked();
            return Admission::Refused;
        }
        Admission::Admitted
    }

    #[inline]
    fn insert_below(&self, parent: &NodeRef) -> Admission {
        let mut guarded = parent.guarded.lock();
        let admission = parent.state.attach_list();
        if admission == Admission::Admitted {
            self.count_for_list(); // `unlink` gives it back
            let last = guarded.children.last;
            // SAFETY: the node stands nowhere yet (a new one, or a region whose own lock is held and
            // that was not linked); the count just taken keeps it alive until `unlink` takes it out.
            unsafe { guarded.children.insert(&raw const self.link, last) };
            guarded.leave(SOMEBODY);
        }
        admission
    }

    /// Hangs a region below its parent, once, whichever of its children comes first. Nothing to do
    /// for what is linked from birth.
    #[inline]
    pub(crate) fn link_region(&self) -> Admission {
        if self.state.is_linked() { Admission::Admitted } else { self.link_region_now() }
    }

    #[cold]
    fn link_region_now(&self) -> Admission {
        let Some(parent) = self.parent() else { return Admission::Admitted };
        if parent.link_region() == Admission::Refused {
            return Admission::Refused;
        }
        {
            // Under the region's own lock, as `unlink` looks under it: either this sees that the
            // region has completed, or `unlink` sees that it is linked.
            let _own = self.guarded.lock();
            if self.state.is_linked() {
                return Admission::Admitted;
            }
            if self.state.is_completed() {
                return Admission::Refused;
            }
            parent.state.note_region();
            // takes the parent's lock: from child to parent, the one order
            if self.insert_below(parent) == Admission::Refused {
                return Admission::Refused;
            }
            self.state.set_linked();
        }
        self.cut_if_parent_is(parent);
        Admission::Admitted
    }

    /// A region that has never hung below its parent, whose body has ended without it.
    #[inline]
    pub(crate) fn is_adrift(&self) -> bool {
        !self.state.is_linked() && self.parent().is_some_and(|parent| parent.state.is_body_done())
    }

    /// The second half of a link: born cancelled below a parent that is being cancelled. The caller keeps
    /// the parent: a lazy child may have been cancelled and completed meanwhile.
    #[inline]
    pub(crate) fn cut_if_parent_is(&self, parent: &NodeRef) {
        if parent.state.is_ending() {
            self.cut_with(parent);
        }
    }

    #[cold]
    fn cut_with(&self, parent: &NodeRef) {
        if parent.state.is_cancelling() && !self.state.is_shield() {
            self.cancel_with_parent();
        }
        if parent.state.is_stopping() {
            self.stop();
        }
    }

    /// Takes a completed node out of its parent's list, and hands over the list's count, and what that came to: a parent
    /// that has completed is the caller's to see to, another may be gone. `None` if it did not hang anywhere.
    #[inline(always)] // the way of every coroutine
    fn unlink(&self) -> Option<(NodeRef, Release)> {
        let parent = self.parent()?;
        if self.state.is_region() {
            drop(self.guarded.lock()); // see `link_region_now`
        }
        if !self.state.is_linked() {
            return None;
        }
        // SAFETY: it is linked, and only its completion, which comes once, takes it out.
        let release = parent.take_out(|children| unsafe { children.remove(&raw const self.link) });
        // SAFETY: the count that `insert_below` took for the list.
        Some((unsafe { NodeRef::from_raw(self.as_raw()) }, release))
    }

    /// Has children taken out of the list, which then gives its token back if it is empty and the body has gone.
    #[inline]
    fn take_out(&self, remove: impl FnOnce(&mut List)) -> Release {
        let mut guarded = self.guarded.lock();
        remove(&mut guarded.children);
        // under the lock, as the end of a body that finds the list with a token looks whether it is empty
        if self.state.list_may_go() && guarded.children.is_childless() {
            self.state.release_list()
        } else {
            Release::Waiting
        }
    }

    /// Gives back one token of `self` that holds it open, and, as long as that completes a job, goes on with its parent:
    /// a loop, since a chain may be a million deep.
    ///
    /// The caller's own count may be that of the list: it is gone after this.
    pub(crate) fn release(&self) {
        if let Release::Completed { awaited } = self.state.release() {
            drop(self.complete(awaited));
        }
    }

    /// Gives back the body's token, with what its end came to. As [`release`](Self::release).
    #[inline]
    pub(crate) fn release_body(&self, ended: Ended) {
        drop(self.release_body_here(ended));
    }

    /// As [`release_body`](Self::release_body). Hands over the list's count, if the job has completed and left its parent.
    #[inline]
    pub(crate) fn release_body_here(&self, ended: Ended) -> Option<NodeRef> {
        match self.state.release_body(ended).unwrap_or_else(|| self.release_body_and_list(ended)) {
            Release::Completed { awaited } => self.complete(awaited),
            Release::Waiting => None,
        }
    }

    #[inline(never)]
    fn release_body_and_list(&self, ended: Ended) -> Release {
        let guarded = self.guarded.lock();
        self.state.release_body_and(ended, guarded.children.is_childless())
    }

    #[inline(never)]
    fn complete(&self, awaited: bool) -> Option<NodeRef> {
        self.ends(awaited);
        if Leaving::put(self) {
            return None;
        }
        let (last, release) = self.unlink()?;
        if let Release::Completed { awaited } = release {
            last.parent().expect("it was linked below one").completed_by_child(awaited);
        }
        Some(last)
    }

    /// Completed children leave the list together.
    pub(super) fn let_go(&self, children: &[NodeRef]) {
        let release = self.take_out(|list| {
            for child in children {
                // SAFETY: it is linked, and only its completion, which comes once, takes it out.
                unsafe { list.remove(&raw const child.link) };
            }
        });
        if let Release::Completed { awaited } = release {
            self.completed_by_child(awaited);
        }
    }

    /// The last token was that of the list, whose last child the caller keeps, and so its parent.
    fn completed_by_child(&self, mut awaited: bool) {
        let mut last: Option<NodeRef> = None;
        loop {
            let job = last.as_ref().map_or(self, |last| last.parent().expect("it was linked below one"));
            job.ends(awaited);
            let Some((next, Release::Completed { awaited: above })) = job.unlink() else { return };
            awaited = above;
            last = Some(next); // what has been taken out keeps itself until here, and so its parent
        }
    }

    #[inline]
    fn ends(&self, awaited: bool) {
        self.on_completed();
        if awaited {
            self.notify_completed();
        }
    }
}
