//! Memory for nodes: blocks of a few sizes, kept in free lists and never given back.
//!
//! A node lives for one coroutine or one region; its memory is asked for and given back so often
//! that the way through the general allocator would be half of the cost of a launch. The scheme is
//! that of magazines and a depot (Bonwick and Adams, "Magazines and Vmem", USENIX 2001):
//!
//! ```text
//!   allocate ◀─ pop ── active ◀──▶ spare        of a thread, one pair for each size
//!   release ── push ──▶  │           │
//!                        │ both empty: one full ◀── depot ◀── both full: one full    of the process
//!                        └─ the depot is empty: the next piece of a chunk
//! ```
//!
//! A block that is given back on another thread stays there, and wanders back in a full magazine.
//! The process keeps as much as was in use at once. Imports nothing.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::UnsafeCell;
use std::ptr::{self, NonNull};

use parking_lot::Mutex;

/// The step between two sizes, in bytes.
const STEP: usize = 16;
/// The largest alignment of blocks that are kept, in bytes.
const ALIGN: usize = 16;
/// How many sizes there are: blocks above `STEP * SIZES` bytes are not kept.
const SIZES: usize = 64;
/// How many blocks a full magazine holds.
const FULL: usize = 64;
/// How many pieces of a chunk are made blocks at once.
const PIECES: usize = 16;
/// Chunks are this large at most, in bytes: 16 blocks of the largest size. They hold whole blocks and nothing beside.
const CHUNK: usize = STEP * SIZES * 16;

/// What stands in a block that is free.
struct Free {
    next: *mut Free,
}

/// Free blocks of one size.
struct Magazine {
    first: *mut Free,
    count: usize,
}

// SAFETY: the blocks of a magazine are its own: nobody else has a pointer to them.
unsafe impl Send for Magazine {}

impl Magazine {
    const EMPTY: Magazine = Magazine { first: ptr::null_mut(), count: 0 };

    #[inline]
    fn pop(&mut self) -> Option<NonNull<u8>> {
        let first = NonNull::new(self.first)?;
        // SAFETY: the blocks of a magazine are its own, and hold what `push` wrote.
        self.first = unsafe { first.as_ref() }.next;
        self.count -= 1;
        Some(first.cast())
    }

    /// # Safety
    /// `block` is of the magazine's size and nobody else's.
    #[inline]
    unsafe fn push(&mut self, block: NonNull<u8>) {
        let block = block.cast::<Free>();
        // SAFETY: the caller's contract; the least block has room for a pointer, and its alignment.
        unsafe { block.write(Free { next: self.first }) };
        self.first = block.as_ptr();
        self.count += 1;
    }
}

/// What a thread keeps of one size.
struct Rack {
    active: Magazine,
    /// Full or empty.
    spare: Magazine,
    /// What is left of the last chunk.
    chunk: *mut u8,
    pieces: usize,
}

impl Rack {
    const EMPTY: Rack =
        Rack { active: Magazine::EMPTY, spare: Magazine::EMPTY, chunk: ptr::null_mut(), pieces: 0 };

    #[inline]
    fn take(&mut self, class: usize) -> NonNull<u8> {
        match self.active.pop() {
            Some(block) => block,
            None => self.refill(class),
        }
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self, class: usize) -> NonNull<u8> {
        std::mem::swap(&mut self.active, &mut self.spare);
        if let Some(block) = self.active.pop() {
            return block;
        }
        if let Some(full) = DEPOT[class].lock().pop() {
            self.active = full;
        }
        match self.active.pop() {
            Some(block) => block,
            None => self.carve(class),
        }
    }

    /// Some pieces of a chunk: one for the caller, the others into the active magazine, in order.
    fn carve(&mut self, class: usize) -> NonNull<u8> {
        let size = (class + 1) * STEP;
        if self.pieces == 0 {
            let pieces = CHUNK / size;
            let layout = Layout::from_size_align(pieces * size, ALIGN).expect("a chunk has a layout");
            // SAFETY: a chunk has a size.
            let chunk = unsafe { alloc(layout) };
            if chunk.is_null() {
                handle_alloc_error(layout);
            }
            (self.chunk, self.pieces) = (chunk, pieces);
        }
        let count = self.pieces.min(PIECES);
        for at in (1..count).rev() {
            // SAFETY: there are `pieces` of them from `chunk` on, of this size, and nobody has them.
            unsafe { self.active.push(NonNull::new_unchecked(self.chunk.add(at * size))) };
        }
        let piece = self.chunk;
        // SAFETY: as above.
        self.chunk = unsafe { piece.add(count * size) };
        self.pieces -= count;
        NonNull::new(piece).expect("a piece of a chunk")
    }

    /// # Safety
    /// `block` is of this size and nobody else's.
    #[inline]
    unsafe fn give(&mut self, class: usize, block: NonNull<u8>) {
        if self.active.count == FULL {
            self.make_room(class);
        }
        // SAFETY: the caller's contract.
        unsafe { self.active.push(block) };
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, class: usize) {
        std::mem::swap(&mut self.active, &mut self.spare);
        if self.active.count == FULL {
            DEPOT[class].lock().push(std::mem::replace(&mut self.active, Magazine::EMPTY));
        }
    }
}

/// Magazines that no thread needs. Most are full; those of threads that have ended hold what there was.
static DEPOT: [Mutex<Vec<Magazine>>; SIZES] = [const { Mutex::new(Vec::new()) }; SIZES];

struct Racks(UnsafeCell<[Rack; SIZES]>);

impl Drop for Racks {
    fn drop(&mut self) {
        for (class, rack) in self.0.get_mut().iter_mut().enumerate() {
            while rack.pieces > 0 {
                let piece = rack.carve(class);
                // SAFETY: a piece of this size, which nobody has.
                unsafe { rack.active.push(piece) };
            }
            let left = [&mut rack.active, &mut rack.spare].map(|m| std::mem::replace(m, Magazine::EMPTY));
            DEPOT[class].lock().extend(left.into_iter().filter(|magazine| magazine.count > 0));
        }
    }
}

thread_local! {
    static RACKS: Racks = const { Racks(UnsafeCell::new([const { Rack::EMPTY }; SIZES])) };
}

/// The size that a layout belongs to, if blocks of its kind are kept.
#[inline]
const fn class(layout: Layout) -> Option<usize> {
    let size = if layout.size() == 0 { 0 } else { (layout.size() - 1) / STEP };
    if size < SIZES && layout.align() <= ALIGN && !cfg!(miri) && !cfg!(loom) { Some(size) } else { None }
}

/// A block for a value of `layout`.
#[inline]
pub(crate) fn allocate(layout: Layout) -> NonNull<u8> {
    assert!(layout.size() > 0, "nodes are never empty");
    let Some(class) = class(layout) else {
        // SAFETY: the layout has a size.
        return NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout));
    };
    // SAFETY: the racks are this thread's, and nothing in here comes back to them while they are borrowed.
    let block = RACKS.try_with(|racks| unsafe { (&mut *racks.0.get())[class].take(class) });
    block.unwrap_or_else(|_| at_the_end_of_a_thread(class))
}

/// The thread has given its racks away already.
#[cold]
fn at_the_end_of_a_thread(class: usize) -> NonNull<u8> {
    let mut rack = Rack::EMPTY;
    let block = rack.take(class);
    drop(Racks(UnsafeCell::new(std::array::from_fn(|at| {
        if at == class { std::mem::replace(&mut rack, Rack::EMPTY) } else { Rack::EMPTY }
    }))));
    block
}

/// Gives a block back.
///
/// # Safety
/// `block` came from [`allocate`] with the same `layout`, and nothing in it is used any more.
#[inline]
pub(crate) unsafe fn release(block: NonNull<u8>, layout: Layout) {
    let Some(class) = class(layout) else {
        // SAFETY: the caller's contract; `allocate` made the same choice.
        return unsafe { dealloc(block.as_ptr(), layout) };
    };
    // SAFETY: as in `allocate`; the block is of this size and nobody else's.
    let given = RACKS.try_with(|racks| unsafe { (&mut *racks.0.get())[class].give(class, block) });
    if given.is_err() {
        // SAFETY: the caller's contract.
        unsafe { release_at_the_end_of_a_thread(class, block) };
    }
}

/// The thread has given its racks away already.
///
/// # Safety
/// `block` is of this size and nobody else's.
#[cold]
#[inline(never)]
unsafe fn release_at_the_end_of_a_thread(class: usize, block: NonNull<u8>) {
    let mut one = Magazine::EMPTY;
    // SAFETY: the caller's contract.
    unsafe { one.push(block) };
    DEPOT[class].lock().push(one);
}
