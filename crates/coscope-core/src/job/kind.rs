//! [`Kind`]: what a node is besides a place in the tree, and [`KindRef`], the pointer that knows it.
//!
//! A kind's payload stands behind its node in one block, [`Kinded`]; the node knows its kind by a table
//! of functions, [`Vtable`]. What the kinds are, `task` and `scope` say.

use std::alloc::Layout;
use std::any::{Any, TypeId};
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::task::Waker;

use super::node::{Identity, Node, NodeRef};
use super::state::Birth;
use super::volley::Volley;
use super::waker;
use crate::dispatch::RunnableVtable;
use crate::failure::Failure;
use crate::memory;

/// What a kind of node does when something happens to it. All are called with no lock held.
///
/// # Safety
/// Every method may be called, and the payload dropped, on any thread, whatever the payload holds:
/// an implementor whose payload is bound to a thread must not touch that part in them.
pub(crate) unsafe trait Kind: Sized {
    /// How its steps are run, where it has any: by a `Runnable` to its node.
    const STEPS: RunnableVtable = RunnableVtable { run: |_, _| unreachable!(), refuse: |_| unreachable!() };
    /// Whether it is a coroutine: what probes hear of.
    const COROUTINE: bool = false;
    /// The kind's type, for kinds that rooms above ask for by type.
    const TYPE: Option<fn() -> TypeId> = None;

    /// The job has been told to cancel (its bit is set, its reason there).
    fn cancelled(this: &KindRef<Self>);
    /// As [`cancelled`](Self::cancelled), perhaps under the lock of the parent: if no more is to be done than
    /// to put a step into `volley`, which takes it. `false` if nothing has been done.
    fn cancelled_quietly(_this: &KindRef<Self>, _volley: &mut Volley) -> bool {
        false
    }
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
    /// Whether it is a coroutine that may move to another dispatcher.
    fn is_movable(_this: &KindRef<Self>) -> bool {
        false
    }
    /// Moves the result, or what stands for it after a cancel, to `into`, if there is one and it was not taken
    /// before.
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
    cancelled_quietly: unsafe fn(&NodeRef, &mut Volley) -> bool,
    child_failed: unsafe fn(&NodeRef, Failure) -> Option<Failure>,
    completed: unsafe fn(&NodeRef),
    started: unsafe fn(&NodeRef),
    unshielded: unsafe fn(&NodeRef),
    woken: unsafe fn(&NodeRef, usize),
    is_movable: unsafe fn(&NodeRef) -> bool,
    take_result: unsafe fn(&NodeRef, *mut ()) -> bool,
    discard_result: unsafe fn(&NodeRef),
    face: unsafe fn(&NodeRef) -> Option<*const (dyn Any + 'static)>,
    kind: Option<fn() -> TypeId>,
    coroutine: bool,
    pub(super) free: unsafe fn(NonNull<Node>),
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
        unsafe { self.0.as_raw().cast::<Kinded<K>>().as_ref() }
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

// SAFETY: as for `NodeRef`: a `KindRef` gives shared access only, which the kind's own code must justify.
unsafe impl<K> Send for KindRef<K> {}
// SAFETY: as above.
unsafe impl<K> Sync for KindRef<K> {}

impl<K: Kind> KindRef<K> {
    const VTABLE: &'static Vtable = &Vtable {
        _runnable: K::STEPS,
        // SAFETY: (this and the following) a vtable is only called with a node of its own kind.
        cancelled: |node| K::cancelled(unsafe { Self::of(node) }),
        // SAFETY: see above.
        cancelled_quietly: |node, volley| K::cancelled_quietly(unsafe { Self::of(node) }, volley),
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
        // SAFETY: see above.
        is_movable: |node| K::is_movable(unsafe { Self::of(node) }),
        // SAFETY: see above; the rest is the caller's contract.
        take_result: |node, into| unsafe { K::take_result(Self::of(node), into) },
        // SAFETY: see above; the rest is the caller's contract.
        discard_result: |node| unsafe { K::discard_result(Self::of(node)) },
        // SAFETY: see above.
        face: |node| K::face(&unsafe { Self::of(node) }.payload).map(ptr::from_ref),
        kind: K::TYPE,
        coroutine: K::COROUTINE,
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
        // SAFETY: the last count is gone (`NodeRef::drop`), so this is the only pointer; a bare node has
        // nothing to drop; the block
        // came from `memory::allocate` with the same layout (`NodeRef::allocate`).
        unsafe {
            if !(*block.as_ptr()).node.is_bare() {
                Node::drop_rest(pointer);
            }
            ptr::drop_in_place(&raw mut (*block.as_ptr()).payload);
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
        let node = Node::new(Self::VTABLE, parent, birth, identity, block.cast());
        // SAFETY: the block is fresh and has the layout of a `Kinded<K>`.
        unsafe {
            ptr::addr_of_mut!((*block.as_ptr()).node).write(node);
            payload(ptr::addr_of_mut!((*block.as_ptr()).payload));
        }
        // SAFETY: the count that the node is born with.
        KindRef(unsafe { NodeRef::from_raw(block.cast()) }, PhantomData)
    }

    /// A new node with one count, below `parent` but not yet in its list, with what `payload` makes.
    pub(crate) fn allocate(
        parent: Option<&NodeRef>,
        birth: Birth,
        identity: Identity,
        payload: impl FnOnce() -> K,
    ) -> KindRef<K> {
        // SAFETY: the payload is written whole.
        unsafe { Self::allocate_with(parent, birth, identity, |into| into.write(payload())) }
    }
}

impl NodeRef {
    /// The node as one of kind `K`, if it is.
    pub(crate) fn downcast<K: Kind + 'static>(&self) -> Option<&KindRef<K>> {
        let is_it = self.vtable().kind.is_some_and(|kind| kind() == TypeId::of::<K>());
        // SAFETY: the kind is compared.
        is_it.then(|| unsafe { KindRef::of(self) })
    }

    /// Whether it is a coroutine, not a job without a body or a region.
    pub(crate) fn is_coroutine(&self) -> bool {
        self.vtable().coroutine
    }

    pub(crate) fn on_cancelled(&self) {
        // SAFETY: (this and the following) a node's vtable is that of its kind.
        unsafe { (self.vtable().cancelled)(self) }
    }
    pub(super) fn on_cancelled_quietly(&self, volley: &mut Volley) -> bool {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable().cancelled_quietly)(self, volley) }
    }
    pub(crate) fn on_child_failed(&self, failure: Failure) -> Option<Failure> {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable().child_failed)(self, failure) }
    }
    pub(super) fn on_completed(&self) {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable().completed)(self) }
    }
    pub(super) fn on_started(&self) {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable().started)(self) }
    }
    pub(crate) fn on_unshielded(&self) {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable().unshielded)(self) }
    }
    #[inline]
    pub(crate) fn on_woken(&self, slot: usize) {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable().woken)(self, slot) }
    }
    /// Whether `waker` is the coroutine's own.
    #[inline]
    pub(crate) fn is_woken_by(&self, waker: &Waker) -> bool {
        waker::slot_of(waker, self.as_raw()).is_some()
    }
    /// Whether it is a coroutine that may move to another dispatcher.
    #[inline]
    pub(crate) fn is_movable(&self) -> bool {
        // SAFETY: see `on_cancelled`.
        unsafe { (self.vtable().is_movable)(self) }
    }
    /// # Safety
    /// As [`Kind::take_result`].
    #[inline]
    pub(crate) unsafe fn take_result(&self, into: *mut ()) -> bool {
        // SAFETY: see `on_cancelled`; the rest is the caller's contract.
        unsafe { (self.vtable().take_result)(self, into) }
    }
    /// # Safety
    /// As [`Kind::discard_result`].
    pub(crate) unsafe fn discard_result(&self) {
        // SAFETY: see `on_cancelled`; the rest is the caller's contract.
        unsafe { (self.vtable().discard_result)(self) }
    }
    /// What the node's kind shows of itself.
    pub(crate) fn face<T: 'static>(&self) -> Option<&T> {
        // SAFETY: see `on_cancelled`; the face is part of the node, which `self` keeps alive.
        unsafe { (self.vtable().face)(self).map(|face| &*face) }?.downcast_ref()
    }
}
