//! [`Node`]: a place in the tree, and [`NodeRef`], the counted pointer to one.
//!
//! A node is the head of an allocation whose rest (a coroutine's future, a region's waker) is the
//! business of its [`Kind`]; [`Kinded`] is both together, one block. What stands here:
//!
//! | field | who may touch it |
//! |---|---|
//! | `state`, `refs`, `shields` | anybody, atomically |
//! | `mark`, `since`, `lent` | notes: written by who runs the coroutine, or has its waker; read by anybody |
//! | `vtable`, `parent`, `info` | anybody; never changes |
//! | `link` | under the lock of the **parent's** `guarded` |
//! | `guarded` | under its own lock; locks are taken from child to parent, never the other way |
//! | `payload` (of [`Kinded`]) | as its kind says |
//!
//! A linked child keeps one count on itself for its parent's list, so the list is safe to follow. The
//! way up is safe because a parent cannot complete, and so not go, before a child has given its token
//! back: **a coroutine's pointer to its parent is counted by nobody, and followed only until the
//! coroutine has completed**, by whoever runs it, holds a token of it, or completes it. Nodes that are
//! asked later, or may hang nowhere for a while (regions), hold their parent ([`Birth::holds_parent`]); one
//! whose parent runs below on the stack for the time being may do so later ([`NodeRef::hold_parent`]).

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::panic::Location;
use std::ptr::NonNull;

use super::finalizer::Finalizers;
use super::kind::Vtable;
use super::listener::Listeners;
use super::name::Name;
use super::state::{Admission, Birth, State};
use super::tree::{Link, List};
use crate::error::{CancelReason, CoroutineInfo};
use crate::mark::{MarkNote, TickNote};
use crate::primitive::{AtomicBool, AtomicU32, Counter, Ordering, Tally};
use crate::time::Hold;
use crate::wait::{Hinted, HintedLock, WaitQueue};

/// So many numbers a thread takes at a time.
const NUMBERS: u64 = 32;

/// Who a node is, for people.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Identity {
    /// Most coroutines have none of their own.
    pub(crate) name: Option<Name>,
    pub(crate) id: u64,
    pub(crate) site: &'static Location<'static>,
}

impl Identity {
    /// The name, or what is said where there is none.
    pub(crate) fn name(&self) -> &str {
        self.name.as_ref().map_or(Self::UNNAMED, Name::as_str)
    }
    const UNNAMED: &str = "coroutine";

    /// The next number, for a coroutine. A thread takes some at a time.
    #[inline]
    pub(crate) fn next_id() -> u64 {
        std::thread_local! {
            /// The last one that was given, on this thread.
            static LAST: Cell<u64> = const { Cell::new(0) };
        }
        LAST.with(|last| {
            let before = last.get();
            let next = if before % NUMBERS == 0 { Self::more_numbers() } else { before + 1 };
            last.set(next);
            next
        })
    }

    #[cold]
    #[inline(never)]
    fn more_numbers() -> u64 {
        static BLOCKS: Counter = Counter::new(0);
        BLOCKS.next() * NUMBERS + 1
    }
}

/// What is guarded by a node's lock.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) children: List,
    pub(crate) joiners: WaitQueue,
    pub(crate) rare: Option<Box<Rare>>,
}

/// What few nodes have: a block of its own, for those that do.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    /// Why the job is cancelled, where that did not come with a cancel of its parent.
    pub(crate) reason: Option<CancelReason>,
    pub(crate) listeners: Listeners,
    pub(crate) finalizers: Finalizers,
    /// What a clock of the coroutine's own wants kept while foreign code may wake it.
    pub(crate) hold: Option<Hold>,
}

/// Something stands in the list: a child, or who walks over them.
pub(super) const SOMEBODY: u32 = 1 << 1;

impl Hinted for Guarded {
    #[inline]
    fn hints(&self) -> u32 {
        if self.children.is_empty() { 0 } else { SOMEBODY }
    }
}

impl Guarded {
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// A place in the tree.
#[repr(C)]
pub(crate) struct Node {
    /// At the head, and at its own head what a [`Runnable`](crate::dispatch::Runnable) looks for there.
    vtable: &'static Vtable,
    pub(crate) state: State,
    refs: AtomicU32,
    /// When the coroutine was last suspended, or its body ended, in milliseconds on its own clock, if it has one; see
    /// `mark`.
    pub(crate) since: TickNote,
    /// Counted if `holds_parent`.
    parent: Option<ManuallyDrop<NodeRef>>,
    pub(super) link: Link,
    pub(crate) guarded: HintedLock<Guarded>,
    /// Shields open inside, which a cut must wait for.
    pub(crate) shields: AtomicU32,
    /// Set by `hold_parent`, before whoever calls that gives up its own count.
    holds_parent: AtomicBool,
    /// How many wakers of the coroutine are out, if it is on a virtual clock: somebody outside may wake it.
    pub(crate) lent: Tally,
    /// Where the coroutine was last suspended: the bits of a [`Mark`](crate::mark::Mark).
    pub(crate) mark: MarkNote,
    /// Most have no name: that stands at the head, and is written together with no mark.
    pub(crate) identity: Identity,
}

impl Node {
    /// A node with one count, at the head of `block`.
    #[inline(always)]
    pub(super) fn new(
        vtable: &'static Vtable,
        parent: Option<&NodeRef>,
        birth: Birth,
        identity: Identity,
        block: NonNull<Node>,
    ) -> Self {
        let guarded = Guarded { children: List::new(), joiners: WaitQueue::new(), rare: None };
        Node {
            vtable,
            state: State::new(birth),
            refs: AtomicU32::new(1),
            since: TickNote::new(0),
            parent: parent.map(|parent| match birth.holds_parent {
                true => ManuallyDrop::new(parent.clone()),
                // SAFETY: not a count: the pointer is followed only while the tree keeps the parent.
                false => ManuallyDrop::new(unsafe { NodeRef::from_raw(parent.pointer) }),
            }),
            link: Link::new(block),
            guarded: HintedLock::new(guarded),
            shields: AtomicU32::new(0),
            holds_parent: AtomicBool::new(birth.holds_parent),
            lent: Tally::new(0),
            mark: MarkNote::new(0),
            identity,
        }
    }

    /// Whether there is nothing to drop in it. For whoever has the last count.
    #[inline]
    pub(super) fn is_bare(&mut self) -> bool {
        self.guarded.get_mut().rare.is_none() && !self.identity.name.as_ref().is_some_and(Name::is_owned)
    }

    /// Drops what is in one that is not bare.
    ///
    /// # Safety
    /// The last count is gone, and the node is not used after this.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn drop_rest(node: NonNull<Node>) {
        // SAFETY: the caller's contract.
        unsafe { node.drop_in_place() }
    }

    #[inline]
    pub(super) fn vtable(&self) -> &'static Vtable {
        self.vtable
    }
}

/// A counted pointer to a node.
#[repr(transparent)]
pub(crate) struct NodeRef {
    pointer: NonNull<Node>,
}

// SAFETY: a node's own fields are atomic or locked, and a `Kind` promises that its methods and the
// drop of its payload are sound on any thread.
unsafe impl Send for NodeRef {}
// SAFETY: as above.
unsafe impl Sync for NodeRef {}

impl Deref for NodeRef {
    type Target = Node;
    #[inline]
    fn deref(&self) -> &Node {
        // SAFETY: the count that this pointer stands for keeps the node alive.
        unsafe { self.pointer.as_ref() }
    }
}

impl Clone for NodeRef {
    #[inline]
    fn clone(&self) -> Self {
        let before = self.refs.fetch_add(1, Ordering::Relaxed);
        if before > u32::MAX / 2 {
            std::process::abort(); // a leak of counts, as in `Arc`
        }
        NodeRef { pointer: self.pointer }
    }
}

impl Drop for NodeRef {
    #[inline]
    fn drop(&mut self) {
        if self.state.is_new() && self.give_back_lazy() {
            return;
        }
        self.count_down();
    }
}

/// Frees a node whose last count is gone.
#[inline]
fn free(pointer: NonNull<Node>) {
    crate::primitive::fence(Ordering::Acquire);
    // SAFETY: the last count is gone: nobody else has a pointer.
    unsafe {
        let node = pointer.as_ref();
        if node.holds_parent.load(Ordering::Relaxed) {
            free_with_parent(pointer)
        } else {
            (node.vtable.free)(pointer)
        }
    }
}

impl NodeRef {
    /// Gives the count back (`true`), unless it is the last but that of the tree: a lazy coroutine
    /// that only the tree knows can be started by nobody. It is cancelled, or its scope would wait
    /// for it for ever.
    #[cold]
    fn give_back_lazy(&self) -> bool {
        let mut refs = self.refs.load(Ordering::Acquire);
        while refs > 2 {
            match self.refs.compare_exchange(refs, refs - 1, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => refs = now,
            }
        }
        if refs == 2 && self.state.is_linked() {
            self.cancel("nobody can start it any more".into());
        }
        false
    }
}

/// Frees a node whose last count is gone, and every ancestor that only it kept: a loop, since a
/// chain may be a million deep.
#[cold]
fn free_with_parent(mut pointer: NonNull<Node>) {
    loop {
        crate::primitive::fence(Ordering::Acquire);
        // SAFETY: the last count is gone: nobody else has a pointer.
        let parent = unsafe {
            let node = pointer.as_ref();
            let held = node.holds_parent.load(Ordering::Relaxed);
            let parent = node.parent.as_ref().filter(|_| held).map(|parent| parent.pointer);
            let free = node.vtable.free;
            free(pointer);
            parent
        };
        let Some(parent) = parent else { return };
        // SAFETY: the count that the child held, taken over here.
        let parent = ManuallyDrop::new(unsafe { NodeRef::from_raw(parent) });
        if parent.state.is_new() {
            // lazy, and perhaps left to nobody who could start it; the list keeps it
            return drop(ManuallyDrop::into_inner(parent));
        }
        if parent.refs.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        pointer = parent.pointer;
    }
}

impl NodeRef {
    /// Gives back a count of a coroutine whose first step has begun: one that is lazy is not. Seldom the last.
    #[inline]
    pub(super) fn give_back_begun(self) {
        let this = ManuallyDrop::new(self);
        debug_assert!(!this.state.is_new());
        if this.refs.fetch_sub(1, Ordering::Release) == 1 {
            free(this.pointer);
        }
    }

    /// Gives back a count of a coroutine that has completed.
    #[inline]
    pub(crate) fn give_back_ended(self) {
        let this = ManuallyDrop::new(self);
        debug_assert!(!this.state.is_new());
        this.count_down();
    }

    /// One count less, which is the caller's to give; the last one frees the node.
    #[inline(always)]
    fn count_down(&self) {
        // who has the only one need not count it down: nobody can make another of it meanwhile
        if self.refs.load(Ordering::Acquire) == 1 || self.refs.fetch_sub(1, Ordering::Release) == 1 {
            free(self.pointer);
        }
    }

    /// Takes the count that its parent's list stands for.
    #[inline]
    pub(super) fn count_for_list(&self) {
        std::mem::forget(self.clone_new());
    }

    /// A clone, for less if nobody else has one.
    #[inline]
    pub(crate) fn clone_new(&self) -> NodeRef {
        if self.refs.load(Ordering::Relaxed) != 1 {
            return self.clone();
        }
        self.refs.store(2, Ordering::Relaxed); // nobody else has one; it is published by what follows
        NodeRef { pointer: self.pointer }
    }

    /// Gives back `other`, a count of the same node that this thread has as well: for less if there is no third.
    #[inline]
    pub(crate) fn give_back(&self, other: NodeRef) {
        debug_assert!(self.same(&other) && !self.state.is_new());
        if self.refs.load(Ordering::Acquire) == 2 {
            self.refs.store(1, Ordering::Relaxed); // nobody else has one, and so can make another
            std::mem::forget(other);
        }
    }

    /// Where it points.
    pub(crate) fn as_raw(&self) -> NonNull<Node> {
        self.pointer
    }
    /// Takes over a count.
    ///
    /// # Safety
    /// The count was given up by forgetting a reference, and is taken over once.
    pub(crate) unsafe fn from_raw(pointer: NonNull<Node>) -> Self {
        NodeRef { pointer }
    }
    /// A new count on a node that something else keeps alive.
    ///
    /// # Safety
    /// The node is alive.
    pub(crate) unsafe fn retain(pointer: NonNull<Node>) -> Self {
        // SAFETY: the caller's contract; the borrowed reference is not dropped.
        let borrowed = ManuallyDrop::new(unsafe { NodeRef::from_raw(pointer) });
        (*borrowed).clone()
    }
    /// The node above, for whoever knows that it is there: see the head of this file.
    #[inline]
    pub(crate) fn parent(&self) -> Option<&NodeRef> {
        self.parent.as_deref()
    }
    /// Whether the way up stays open after the end.
    #[inline]
    pub(crate) fn holds_parent(&self) -> bool {
        self.holds_parent.load(Ordering::Relaxed)
    }
    /// From here on the node holds its parent, which it was not born to do.
    ///
    /// # Safety
    /// The parent is still there.
    pub(crate) unsafe fn hold_parent(&self) {
        if let Some(parent) = self.parent.as_ref().filter(|_| !self.holds_parent()) {
            std::mem::forget((**parent).clone()); // `free` gives it back
            self.holds_parent.store(true, Ordering::Relaxed);
        }
    }
    /// Frees the node.
    ///
    /// # Safety
    /// It is not known, and does not hold its parent.
    #[inline]
    pub(crate) unsafe fn free_alone(self) {
        // SAFETY: the caller's contract: nobody else has a pointer.
        unsafe { (self.vtable.free)(ManuallyDrop::new(self).pointer) };
    }
    /// Whether somebody other than the parent's list knows a linked node.
    #[inline]
    pub(crate) fn is_known(&self) -> bool {
        self.refs.load(Ordering::Acquire) > 1
    }
    /// Whether children hang below, as far as whoever asks has seen them come. Not for a cancel, which must miss none:
    /// the life-cycle word is.
    #[inline]
    pub(crate) fn has_some_children(&self) -> bool {
        self.state.is_listed() && self.guarded.hints() & SOMEBODY != 0
    }
    /// Whether nobody else knows the node, and nothing has ever hung below it (a region).
    #[inline]
    pub(crate) fn is_untouched(&self) -> bool {
        !self.is_known() && !self.state.is_linked()
    }
    /// Runs `f` while the node cannot complete, so that all above it is there. `None` if it has.
    pub(crate) fn held<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        struct Held<'a>(&'a NodeRef);
        impl Drop for Held<'_> {
            fn drop(&mut self) {
                self.0.release();
            }
        }
        if self.state.attach() == Admission::Refused {
            return None;
        }
        let _held = Held(self);
        Some(f())
    }
    pub(crate) fn same(&self, other: &NodeRef) -> bool {
        self.pointer == other.pointer
    }
    pub(crate) fn info(&self) -> CoroutineInfo {
        let Identity { name, id, site } = &self.identity;
        let name = name.as_ref().map_or(Cow::Borrowed(Identity::UNNAMED), Name::to_cow);
        CoroutineInfo { name, id: *id, site }
    }
}

impl fmt::Debug for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}#{}\"{{{}}}", self.identity.name(), self.identity.id, self.state.label())
    }
}
