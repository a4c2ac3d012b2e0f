//! The coroutine's waker: a pointer to its node with the slot in the low bits.
//!
//! A clone is a count on the node. Wakes go to the coroutine by way of the node's kind, so that one
//! vtable serves coroutines of every type. A coroutine on a virtual clock is polled with a waker whose clones are
//! counted apart as well: that clock stands still while one of them is in foreign hands.

use std::mem::ManuallyDrop;
use std::num::NonZeroUsize;
use std::ptr::{self, NonNull};
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::node::{Node, NodeRef};
use crate::mark::Mark;

/// How many slots a coroutine has: home, and open `with_context`s.
pub(crate) const SLOTS: usize = 16;

const SLOT_MASK: usize = SLOTS - 1;

/// Puts the slot into the low bits. Nodes are aligned to 16 bytes (`Kinded`), and there are 16 slots.
#[inline]
pub(crate) fn tag(node: NonNull<Node>, slot: usize) -> NonNull<()> {
    debug_assert!(slot < SLOTS);
    node.cast::<()>().map_addr(|addr| addr | slot)
}

/// Takes the slot out again.
#[inline]
pub(crate) fn untag(tagged: NonNull<()>) -> (NonNull<Node>, usize) {
    let slot = tagged.addr().get() & SLOT_MASK;
    let node = tagged.map_addr(|addr| NonZeroUsize::new(addr.get() & !SLOT_MASK).expect("a node's address"));
    (node.cast(), slot)
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);
static COUNTED: RawWakerVTable = RawWakerVTable::new(clone_counted, wake_counted, wake_by_ref, drop_counted);

/// The node and slot of a waker's data, without a count of its own.
///
/// # Safety
/// `data` is that of a waker made here, which is alive.
#[inline]
unsafe fn borrow(data: *const ()) -> (ManuallyDrop<NodeRef>, usize) {
    // SAFETY: a waker's data is a tagged pointer, never null.
    let (node, slot) = untag(unsafe { NonNull::new_unchecked(data.cast_mut()) });
    // SAFETY: the waker's own count keeps the node alive, and the reference does not give it back.
    (ManuallyDrop::new(unsafe { NodeRef::from_raw(node) }), slot)
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the waker's contract.
    let (node, _) = unsafe { borrow(data) };
    std::mem::forget((*node).clone());
    RawWaker::new(data, &VTABLE)
}

unsafe fn clone_counted(data: *const ()) -> RawWaker {
    // SAFETY: the waker's contract.
    let (node, _) = unsafe { borrow(data) };
    node.lent.add(1);
    std::mem::forget((*node).clone());
    RawWaker::new(data, &COUNTED)
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the waker's contract.
    let (node, slot) = unsafe { borrow(data) };
    node.on_woken(slot);
}

unsafe fn wake(data: *const ()) {
    // SAFETY: the waker's contract: it is consumed, and so is its count.
    unsafe {
        wake_by_ref(data);
        drop_waker(data);
    }
}

unsafe fn wake_counted(data: *const ()) {
    // SAFETY: the waker's contract, as in `wake`.
    unsafe {
        wake_by_ref(data);
        drop_counted(data);
    }
}

unsafe fn drop_counted(data: *const ()) {
    // SAFETY: the waker's contract.
    unsafe {
        borrow(data).0.lent.add(u16::MAX); // one less
        drop_waker(data);
    }
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: the waker's contract: its count is given back once.
    let (node, _) = unsafe { borrow(data) };
    ManuallyDrop::into_inner(node).give_back_begun();
}

/// Runs `f` with the coroutine's waker for `slot`, which costs no count unless it is cloned.
#[inline]
pub(crate) fn with_waker<R>(node: &NodeRef, slot: usize, is_counted: bool, f: impl FnOnce(&Waker) -> R) -> R {
    let vtable = if is_counted { &COUNTED } else { &VTABLE };
    let raw = RawWaker::new(tag(node.as_raw(), slot).as_ptr(), vtable);
    // SAFETY: either vtable keeps the waker's contract; `node` keeps the node alive for as long as the
    // borrowed waker is there, and it is not dropped.
    let waker = ManuallyDrop::new(unsafe { Waker::from_raw(raw) });
    f(&waker)
}

/// A waker of the coroutine for `slot`.
pub(crate) fn waker(node: &NodeRef, slot: usize, is_counted: bool) -> Waker {
    with_waker(node, slot, is_counted, Waker::clone)
}

/// Whether it is the waker of a coroutine.
#[inline]
pub(crate) fn is_own(waker: &Waker) -> bool {
    ptr::eq(waker.vtable(), &VTABLE) || ptr::eq(waker.vtable(), &COUNTED)
}

/// Another one of the same, if it is that of a coroutine: for one of ours to keep, and a count, no more. The waker is
/// not lent by that.
#[inline]
pub(crate) fn again(waker: &Waker) -> Option<Waker> {
    again_of(waker, |_| {})
}

#[inline(always)]
fn again_of(waker: &Waker, and: impl FnOnce(&Node)) -> Option<Waker> {
    is_own(waker).then(|| {
        // SAFETY: one of ours, which is alive.
        let (node, _) = unsafe { borrow(waker.data()) };
        and(&node);
        std::mem::forget((*node).clone());
        // SAFETY: the count just taken is the new one's.
        unsafe { Waker::from_raw(RawWaker::new(waker.data(), &VTABLE)) }
    })
}

/// As [`again`]; leaves the mark of a wait that is pending, as `current` does, in the coroutine that the waker is of.
#[inline]
pub(crate) fn marked(waker: &Waker, mark: Mark) -> Option<Waker> {
    again_of(waker, |node| node.mark.set(mark.to_bits()))
}

/// Which slot of the coroutine at `node` the waker wakes, if it is one of its own. By its table too: a waker of
/// others may carry the same data.
#[inline]
pub(crate) fn slot_of(waker: &Waker, node: NonNull<Node>) -> Option<usize> {
    let slot = waker.data().addr().wrapping_sub(node.addr().get());
    (slot < SLOTS && is_own(waker)).then_some(slot)
}
