//! [`Steps`]: a queue of steps for one thread, first in, first out.
//!
//! ```text
//!         head                                            tail
//!          ▼                                               ▼
//!   [ · · · s s s s s s ▸]──▶[ s s s s s s s s s ▸]──▶[ s s · · · · · · ▸]        spare: [ · · · ]
//!                       └ the link to the next block
//! ```
//!
//! A chain of blocks instead of a ring: putting in and taking out are a pointer each, and what is there is never
//! moved when there is more. A block that has been emptied is kept for the next one that is needed.
//! Imports `runnable`.

use std::cell::Cell;
use std::fmt;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr;

use super::Runnable;
use crate::unwind::drop_contained;

/// How many steps a block holds.
const ROOM: usize = 127;

/// A step, or (in the last slot of a block) the next block.
union Slot {
    step: ManuallyDrop<Runnable>,
    next: *mut Block,
}

type Block = [Slot; ROOM + 1];

/// A queue of steps for one thread, first in, first out.
///
/// Dropping it refuses what is in it.
///
/// ```
/// use coscope_core::dispatch::{Runnable, Steps};
///
/// let steps = Steps::new();
/// steps.push(Runnable::from_fn(|| println!("first")));
/// steps.push(Runnable::from_fn(|| println!("second")));
/// while let Some(step) = steps.pop() {
///     step.run();
/// }
/// ```
// Invariant: all are null; or `head` lies in the block whose last slot is `head_end`, likewise `tail`; `head_end` and
// the links lead from the one to the other; the slots from `head` to `tail`, but for the links, hold steps.
pub struct Steps {
    head: Cell<*mut Slot>,
    tail: Cell<*mut Slot>,
    head_end: Cell<*mut Slot>,
    tail_end: Cell<*mut Slot>,
    spare: Cell<*mut Block>,
}

impl Default for Steps {
    fn default() -> Self {
        Steps::new()
    }
}

impl Steps {
    /// Nothing, and nothing allocated.
    ///
    /// ```
    /// assert!(coscope_core::dispatch::Steps::new().pop().is_none());
    /// ```
    #[inline]
    pub const fn new() -> Self {
        let null = ptr::null_mut();
        Steps {
            head: Cell::new(null),
            tail: Cell::new(null),
            head_end: Cell::new(null),
            tail_end: Cell::new(null),
            spare: Cell::new(ptr::null_mut()),
        }
    }

    /// Puts a step at the end.
    ///
    /// ```
    /// use coscope_core::dispatch::{Runnable, Steps};
    ///
    /// let steps = Steps::new();
    /// steps.push(Runnable::from_fn(|| println!("hello")));
    /// assert!(!steps.is_empty());
    /// # steps.pop().unwrap().run();
    /// ```
    #[inline]
    pub fn push(&self, step: Runnable) {
        let mut at = self.tail.get();
        if at == self.tail_end.get() {
            at = self.make_room();
        }
        // SAFETY: a slot of the last block, before its link, which holds nothing.
        unsafe {
            at.write(Slot { step: ManuallyDrop::new(step) });
            self.tail.set(at.add(1));
        }
    }

    /// Takes the first step.
    ///
    /// ```
    /// use coscope_core::dispatch::{Runnable, Steps};
    ///
    /// let steps = Steps::new();
    /// steps.push(Runnable::from_fn(|| println!("hello")));
    /// steps.pop().unwrap().run();
    /// assert!(steps.pop().is_none());
    /// ```
    #[inline]
    pub fn pop(&self) -> Option<Runnable> {
        let mut at = self.head.get();
        if at == self.tail.get() {
            return None;
        }
        if at == self.head_end.get() {
            at = self.next_block();
        }
        // SAFETY: `head` is not `tail`, so this slot holds a step (behind a link there is one, or the link would
        // not have been made); it is read once, since `head` goes on.
        unsafe {
            self.head.set(at.add(1));
            Some(ManuallyDrop::into_inner(at.read().step))
        }
    }

    /// Whether there is none.
    ///
    /// ```
    /// assert!(coscope_core::dispatch::Steps::new().is_empty());
    /// ```
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.head.get() == self.tail.get()
    }

    /// Takes all that there is, and puts `others` in its place.
    ///
    /// ```
    /// use coscope_core::dispatch::{Runnable, Steps};
    ///
    /// let steps = Steps::new();
    /// steps.push(Runnable::from_fn(|| println!("hello")));
    /// let taken = steps.replace(Steps::new());
    /// assert!(steps.is_empty() && !taken.is_empty());
    /// # taken.pop().unwrap().run();
    /// ```
    pub fn replace(&self, others: Steps) -> Steps {
        self.head.swap(&others.head);
        self.tail.swap(&others.tail);
        self.head_end.swap(&others.head_end);
        self.tail_end.swap(&others.tail_end);
        self.spare.swap(&others.spare);
        others
    }

    /// The last block is full, or there is none: where the next step goes.
    #[cold]
    fn make_room(&self) -> *mut Slot {
        if self.is_empty() && !self.head.get().is_null() {
            // the one block, all of which has been taken out again
            // SAFETY: `head_end` is the last slot of a block.
            let first = unsafe { self.head_end.get().sub(ROOM) };
            self.head.set(first);
            return first;
        }
        let block = match self.spare.replace(ptr::null_mut()) {
            // slots are unions: whatever is in them, they are there
            spare if spare.is_null() => Box::into_raw(Box::<Block>::new_uninit()).cast(),
            spare => spare,
        };
        let (first, full) = (block.cast::<Slot>(), self.tail_end.get());
        // SAFETY: a block has `ROOM` slots before the last one; `full`, if there is one, is the last slot of what was
        // the last block.
        unsafe {
            self.tail_end.set(first.add(ROOM));
            if full.is_null() {
                self.head.set(first);
                self.head_end.set(first.add(ROOM));
            } else {
                full.write(Slot { next: block });
            }
        }
        first
    }

    /// The first block has been emptied, and is not the last: goes on to the next.
    #[cold]
    fn next_block(&self) -> *mut Slot {
        let link = self.head_end.get();
        // SAFETY: the last slot of a block that is not the last leads to the next; the block was made in `make_room`,
        // and nothing is in it any more.
        unsafe {
            let first = (*link).next.cast::<Slot>();
            self.head_end.set(first.add(ROOM));
            let emptied = self.spare.replace(link.sub(ROOM).cast());
            free(emptied);
            first
        }
    }
}

/// # Safety
/// Null, or a block made in `make_room` that nobody uses any more.
unsafe fn free(block: *mut Block) {
    if !block.is_null() {
        // SAFETY: the caller's contract.
        drop(unsafe { Box::from_raw(block.cast::<MaybeUninit<Block>>()) });
    }
}

impl Extend<Runnable> for Steps {
    fn extend<I: IntoIterator<Item = Runnable>>(&mut self, steps: I) {
        steps.into_iter().for_each(|step| self.push(step));
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        while let Some(step) = self.pop() {
            drop_contained(step);
        }
        // SAFETY: nothing is left, so there is at most one block, and nobody has the queue any more.
        unsafe {
            free(self.spare.get());
            if !self.head_end.get().is_null() {
                free(self.head_end.get().sub(ROOM).cast());
            }
        }
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps").field("empty", &self.is_empty()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
#[path = "steps_test.rs"]
mod test;
