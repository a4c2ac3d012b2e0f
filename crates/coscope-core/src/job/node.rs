//! [`Node`]: a place in the tree, and [`NodeRef`], the counted pointer to one.
//!
//! A node is the head of an allocation whose rest (a coroutine's future, a region's waker) is the
//! business of its [`Kind`]; [`Kinded`] is both together, one block. What stands here:
//!
//! | field | who may touch it |
//! |---|---|
//! | `state`, `refs`, `shields` | anybody, atomically |
//! | `vtable`, `parent`, `info` | anybody; never changes |
//! | `link` | under the lock of the **parent's** `guarded` |
//! | `guarded` | under its own lock; locks are taken from child to parent, never the other way |
//! | `payload` (of [`Kinded`]) | as its kind says |
//!
//! A linked child keeps one count on itself for its parent's list, so the list is safe to follow. The
//! way up is safe because a parent cannot complete, and so not go, before a child has given its token
//! back: **a coroutine's pointer to its parent is counted by nobody, and followed only until the
//! coroutine has completed**, by whoever runs it, holds a token of it, or completes it. Nodes that are
//! asked later, or may hang nowhere for a while (regions), hold their parent ([`Birth::holds_parent`]).

use std::alloc::Layout;
use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::panic::Location;
use std::ptr::{self, NonNull};

use super::finalizer::Finalizers;
use super::listener::Listeners;
use super::state::{Admission, Birth, State};
use super::tree::{Link, List};
use crate::dispatch::RunnableVtable;
use crate::error::{CancelReason, CoroutineInfo};
use crate::failure::Failure;
use crate::memory;
use crate::primitive::{AtomicU32, AtomicUsize, Counter, Mutex, Ordering};
use crate::wait::WaitQueue;

/// Who a node is, for people.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) name: Cow<'static, str>,
    pub(crate) id: u64,
    pub(crate) site: &'static Location<'static>,
}

impl Identity {
    /// The next number, for a coroutine.
    pub(crate) fn next_id() -> u64 {
        static NEXT: Counter = Counter::new(1);
        NEXT.next()
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
    refs: AtomicUsize,
    /// Counted if `holds_parent`.
    parent: Option<ManuallyDrop<NodeRef>>,
    holds_parent: bool,
    pub(super) link: Link,
    pub(crate) guarded: Mutex<Guarded>,
    /// Shields open inside, which a cut must wait for.
    pub(crate) shields: AtomicU32,
    pub(crate) identity: Identity,
}

/// What a kind of node does when something happens to it. All are called with no lock held.
///
/// # Safety
/// Every method may be called, and the payload dropped, on any thread, whatever the payload holds:
/// an implementor whose payload is bound to a thread must not touch that part in them.
pub(crate) unsafe trait Kind: Sized {
    /// How its steps are run, where it has any: by a `Runnable` to its node.
    const STEPS: RunnableVtable = RunnableVtable { run: |_| unreachable!(), refuse: |_| unreachable!() };
    /// The kind's type, for kinds that rooms above ask for by type.
    const TYPE: Option<fn() -> TypeId> = None;

    /// The job has been told to cancel (its bit is set, its reason there).
    fn cancelled(this: &KindRef<Self>);
    /// A child has failed. Hands the failure back where it is not taken.
    fn child_failed(this: &KindRef<Self>, failure: Failure) -> Option<Failure>;
    /// The job has completed: body, finalizers and children are gone.
    fn completed(_this: &KindRef<Self>) {}
    /// A lazy coroutine is to begin (its bit is gone).
    fn started(_this: &KindRef<Self>) {}
    /// The last open shield has ended while the job was being cancelled.
    fn unshielded(this: &KindRef<Self>) {
        Self::cancelled(this);
    }
    /// A waker of the coroutine was woken in `slot`.
    fn woken(_this: &KindRef<Self>, _slot: usize) {}
    /// Moves the result to `into`, if there is one and it was not taken before.
    ///
    /// # Safety
    /// `into` points to room for a value of the kind's result type, on a thread that may own it.
    unsafe fn take_result(_this: &KindRef<Self>, _into: *mut ()) -> bool {
        false
    }
    /// Whoever would have taken the result has gone.
    ///
    /// # Safety
    /// Called at most once, on a thread that may own the result.
    unsafe fn discard_result(_this: &KindRef<Self>) {}
    /// What the kind shows of itself to the rooms above.
    fn face(_payload: &Self) -> Option<&(dyn Any + 'static)> {
        None
    }
}

/// The functions of a [`Kind`], erased. Each must be called with a reference to a node of that kind.
#[repr(C)]
pub(crate) struct Vtable {
    /// First: a node begins with a pointer to this.
    _runnable: RunnableVtable,
    cancelled: unsafe fn(&NodeRef),
    child_failed: unsafe fn(&NodeRef, Failure) -> Option<Failure>,
    completed: unsafe fn(&NodeRef),
    started: unsafe fn(&NodeRef),
    unshielded: unsafe fn(&NodeRef),
    woken: unsafe fn(&NodeRef, usize),
    take_result: unsafe fn(&NodeRef, *mut ()) -> bool,
    discard_result: unsafe fn(&NodeRef),
    face: unsafe fn(&NodeRef) -> Option<*const (dyn Any + 'static)>,
    kind: Option<fn() -> TypeId>,
    free: unsafe fn(NonNull<Node>),
}

/// A node with what its kind adds: one block.
#[repr(C, align(16))]
pub(crate) struct Kinded<K> {
    node: Node,
    pub(crate) payload: K,
}

impl<K> Deref for Kinded<K> {
    type Target = Node;
    fn deref(&self) -> &Node {
        &self.node
    }
}

/// A counted pointer to a node of known kind.
#[repr(transparent)]
pub(crate) struct KindRef<K>(NodeRef, PhantomData<fn() -> K>);

impl<K> Deref for KindRef<K> {
    type Target = Kinded<K>;
    fn deref(&self) -> &Kinded<K> {
        // SAFETY: a `KindRef<K>` is only made of a reference to a node of kind `K`, which lies at
        // the head of a `Kinded<K>`, and the pointer has the whole block's provenance.
        unsafe { self.0.pointer.cast::<Kinded<K>>().as_ref() }
    }
}

impl<K> Clone for KindRef<K> {
    fn clone(&self) -> Self {
        KindRef(self.0.clone(), PhantomData)
    }
}

impl<K> KindRef<K> {
    pub(crate) fn as_node(&self) -> &NodeRef {
        &self.0
    }
    pub(crate) fn into_node(self) -> NodeRef {
        self.0
    }
}

impl<K: Kind> KindRef<K> {
    const VTABLE: &'static Vtable = &Vtable {
        _runnable: K::STEPS,
        // SAFETY: (this and the following) a vtable is only called with a node of its own kind.
        cancelled: |node| K::cancelled(unsafe { Self::of(node) }),
        // SAFETY: see above.
        child_failed: |node, failure| K::child_failed(unsafe { Self::of(node) }, failure),
        // SAFETY: see above.
        completed: |node| K::completed(unsafe { Self::of(node) }),
        // SAFETY: see above.
        started: |node| K::started(unsafe { Self::of(node) }),
        // SAFETY: see above.
        unshielded: |node| K::unshielded(unsafe { Self::of(node) }),
        // SAFETY: see above.
        woken: |node, slot| K::woken(unsafe { Self::of(node) }, slot),
        // SAFETY: see above; the rest is the caller's contract.
        take_result: |node, into| unsafe { K::take_result(Self::of(node), into) },
        // SAFETY: see above; the rest is the caller's contract.
        discard_result: |node| unsafe { K::discard_result(Self::of(node)) },
        // SAFETY: see above.
        face: |node| K::face(&unsafe { Self::of(node) }.payload).map(ptr::from_ref),
        kind: K::TYPE,
        free: Self::free,
    };

    /// # Safety
    /// `node` is of kind `K`.
    pub(crate) unsafe fn of(node: &NodeRef) -> &KindRef<K> {
        // SAFETY: `repr(transparent)`, and the caller's contract.
        unsafe { &*ptr::from_ref(node).cast::<KindRef<K>>() }
    }

    unsafe fn free(pointer: NonNull<Node>) {
        let block = pointer.cast::<Kinded<K>>();
        // SAFETY: the last count is gone (`NodeRef::drop`), so this is the only pointer; the block
        // came from `memory::allocate` with the same layout (`NodeRef::allocate`).
        unsafe {
            ptr::drop_in_place(block.as_ptr());
            memory::release(block.cast(), Layout::new::<Kinded<K>>());
        }
    }

    /// A new node with one count, below `parent` but not yet in its list. `payload` writes the
    /// payload in place, so that a large one never lies on the stack.
    ///
    /// # Safety
    /// `payload` initialises what it is given.
    #[inline(always)]
    pub(crate) unsafe fn allocate_with(
        parent: Option<&NodeRef>,
        birth: Birth,
        identity: Identity,
        payload: impl FnOnce(*mut K),
    ) -> KindRef<K> {
        let block = memory::allocate(Layout::new::<Kinded<K>>()).cast::<Kinded<K>>();
        let guarded = Guarded { children: List::new(), joiners: WaitQueue::new(), rare: None };
        let node = Node {
            state: State::new(birth),
            refs: AtomicUsize::new(1),
            vtable: Self::VTABLE,
            parent: parent.map(|parent| match birth.holds_parent {
                true => ManuallyDrop::new(parent.clone()),
                // SAFETY: not a count: the pointer is followed only while the tree keeps the parent.
                false => ManuallyDrop::new(unsafe { NodeRef::from_raw(parent.pointer) }),
            }),
            holds_parent: birth.holds_parent,
            link: Link::new(block.cast::<Node>()),
            guarded: Mutex::new(guarded),
            shields: AtomicU32::new(0),
            identity,
        };
        // SAFETY: the block is fresh and has the layout of a `Kinded<K>`.
        unsafe {
            ptr::addr_of_mut!((*block.as_ptr()).node).write(node);
            payload(ptr::addr_of_mut!((*block.as_ptr()).payload));
        }
        KindRef(NodeRef { pointer: block.cast() }, PhantomData)
    }

    /// A new node with one count, below `parent` but not yet in its list.
    pub(crate) fn allocate(
        parent: Option<&NodeRef>,
        birth: Birth,
        identity: Identity,
        payload: K,
    ) -> KindRef<K> {
        // SAFETY: the payload is written whole.
        unsafe { Self::allocate_with(parent, birth, identity, |into| into.write(payload)) }
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
// SAFETY: as above: a `KindRef` gives shared access only, which the kind's own code must justify.
unsafe impl<K> Send for KindRef<K> {}
// SAFETY: as above.
unsafe impl<K> Sync for KindRef<K> {}

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
        if before > usize::MAX / 2 {
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
        if self.refs.fetch_sub(1, Ordering::Release) == 1 {
            free(self.pointer);
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
fn free(mut pointer: NonNull<Node>) {
    loop {
        crate::primitive::fence(Ordering::Acquire);
        // SAFETY: the last count is gone: nobody else has a pointer.
        let parent = unsafe {
            let node = pointer.as_ref();
            let parent = node.parent.as_ref().filter(|_| node.holds_parent).map(|parent| parent.pointer);
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
    /// Takes the count that its parent's list stands for.
    #[inline]
    pub(super) fn count_for_list(&self) {
        if self.refs.load(Ordering::Relaxed) == 1 {
            self.refs.store(2, Ordering::Relaxed); // nobody else has one; it is published by what follows
        } else {
            std::mem::forget(self.clone());
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
    /// Whether `waker` is the coroutine's own: its data is then the node's address, with a slot in the low bits.
    pub(crate) fn is_woken_by(&self, waker: &std::task::Waker) -> bool {
        let block = std::mem::align_of::<Kinded<()>>();
        waker.data().addr() & !(block - 1) == self.pointer.addr().get()
    }
    /// The node above, for whoever knows that it is there: see the head of this file.
    #[inline]
    pub(crate) fn parent(&self) -> Option<&NodeRef> {
        self.parent.as_deref()
    }
    /// Whether the way up stays open after the end.
    pub(crate) fn holds_parent(&self) -> bool {
        self.holds_parent
    }
    /// Whether somebody other than the parent's list knows a linked node.
    pub(crate) fn is_known(&self) -> bool {
        self.refs.load(Ordering::Acquire) > 1
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
        let Identity { name, id, site } = self.identity.clone();
        CoroutineInfo { name, id, site }
    }
    /// The node as one of kind `K`, if it is.
    pub(crate) fn downcast<K: Kind + 'static>(&self) -> Option<&KindRef<K>> {
        let is_it = self.vtable.kind.is_some_and(|kind| kind() == TypeId::of::<K>());
        // SAFETY: the kind is compared.
        is_it.then(|| unsafe { KindRef::of(self) })
    }

    pub(crate) fn on_cancelled(&self) {
        // SAFETY: (this and the following) a node's vtable is that of its kind.
        unsafe { (self.vtable.cancelled)(self) }
    }
    pub(crate) fn on_child_failed(&self, failure: Failure) -> Option<Failure> {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable.child_failed)(self, failure) }
    }
    pub(super) fn on_completed(&self) {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable.completed)(self) }
    }
    pub(super) fn on_started(&self) {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable.started)(self) }
    }
    pub(crate) fn on_unshielded(&self) {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable.unshielded)(self) }
    }
    pub(crate) fn on_woken(&self, slot: usize) {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable.woken)(self, slot) }
    }
    /// # Safety
    /// As [`Kind::take_result`].
    pub(crate) unsafe fn take_result(&self, into: *mut ()) -> bool {
        // SAFETY: see `on_cancelled`; the rest is the caller's contract.
        unsafe { (self.vtable.take_result)(self, into) }
    }
    /// # Safety
    /// As [`Kind::discard_result`].
    pub(crate) unsafe fn discard_result(&self) {
        // SAFETY: see `on_cancelled`; the rest is the caller's contract.
        unsafe { (self.vtable.discard_result)(self) }
    }
    /// What the node's kind shows of itself.
    pub(crate) fn face<T: 'static>(&self) -> Option<&T> {
        // SAFETY: see `on_cancelled`; the face is part of the node, which `self` keeps alive.
        unsafe { (self.vtable.face)(self).map(|face| &*face) }?.downcast_ref()
    }
}

impl fmt::Debug for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}#{}\"{{{}}}", self.identity.name, self.identity.id, self.state.label())
    }
}
