//! Memory for nodes: blocks of a few sizes, kept in a free list per thread.
//!
//! A node lives for one coroutine or one region; its memory is asked for and given back so often
//! that the way through the general allocator would be half of the cost of a launch. A list keeps
//! at most [`KEPT`] blocks of each size; what is over goes back to the allocator.
//! Imports nothing.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::RefCell;
use std::ptr::NonNull;

/// The step between two sizes, in bytes.
const STEP: usize = 16;
/// The largest alignment of blocks that are kept, in bytes.
const ALIGN: usize = 16;
/// How many sizes there are: blocks above `STEP * SIZES` bytes are not kept.
const SIZES: usize = 64;
/// How many blocks of one size a thread keeps.
const KEPT: usize = 256;

struct Lists([Vec<NonNull<u8>>; SIZES]);

impl Drop for Lists {
    fn drop(&mut self) {
        for (size, list) in self.0.iter_mut().enumerate() {
            for block in list.drain(..) {
                // SAFETY: every block in list `size` was allocated with the layout of that size.
                unsafe { dealloc(block.as_ptr(), class_layout(size)) };
            }
        }
    }
}

thread_local! {
    static LISTS: RefCell<Lists> = const { RefCell::new(Lists([const { Vec::new() }; SIZES])) };
}

/// The list a layout belongs to, if blocks of its kind are kept.
fn class(layout: Layout) -> Option<usize> {
    let size = layout.size().max(1).div_ceil(STEP) - 1;
    (size < SIZES && layout.align() <= ALIGN && !cfg!(miri) && !cfg!(loom)).then_some(size)
}

fn class_layout(class: usize) -> Layout {
    Layout::from_size_align((class + 1) * STEP, ALIGN).expect("a small constant layout")
}

/// A block for a value of `layout`.
pub(crate) fn allocate(layout: Layout) -> NonNull<u8> {
    assert!(layout.size() > 0, "nodes are never empty");
    let layout = match class(layout) {
        Some(class) => {
            let kept = LISTS.try_with(|lists| lists.borrow_mut().0[class].pop());
            if let Ok(Some(block)) = kept {
                return block;
            }
            class_layout(class)
        }
        None => layout,
    };
    // SAFETY: the layout has a size.
    NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Gives a block back.
///
/// # Safety
/// `block` came from [`allocate`] with the same `layout`, and nothing in it is used any more.
pub(crate) unsafe fn release(block: NonNull<u8>, layout: Layout) {
    let layout = match class(layout) {
        Some(class) => {
            let kept = LISTS.try_with(|lists| {
                let list = &mut lists.borrow_mut().0[class];
                let room = list.len() < KEPT;
                if room {
                    list.push(block);
                }
                room
            });
            if kept == Ok(true) {
                return;
            }
            class_layout(class)
        }
        None => layout,
    };
    // SAFETY: the caller's contract; `allocate` made the same choice of layout.
    unsafe { dealloc(block.as_ptr(), layout) };
}
