//! [`Held`]: a count of a dispatcher, or none where it lasts as long as the process.
//!
//! Every coroutine has a handle to its dispatcher. Those of the process's own would be counted by all threads at once,
//! in one place, for nothing. A handle to one that lasts has a mark, the lowest bit of its address, which is free: behind
//! the counts of an `Arc` whatever is in it begins at an even one.

use std::mem::forget;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

use super::Dispatch;

const LASTS: usize = 1;

/// A pointer to a dispatcher in an `Arc`, and a count of it; or, with the mark, no count.
pub(super) struct Held(NonNull<dyn Dispatch>);

// SAFETY: as `Arc<dyn Dispatch>`, since a `Dispatch` is `Send` and `Sync`.
unsafe impl Send for Held {}
// SAFETY: as above.
unsafe impl Sync for Held {}

impl Held {
    pub(super) fn new(dispatch: Arc<dyn Dispatch>) -> Self {
        let held = Held(NonNull::from(&*dispatch));
        debug_assert!(!held.lasts());
        forget(dispatch); // its count is this one's
        held
    }

    /// Never gives up the count of `dispatch`.
    pub(super) fn lasting(dispatch: Arc<dyn Dispatch>) -> Self {
        let counted = Held::new(dispatch);
        // SAFETY: one byte behind the beginning: not null.
        let marked = unsafe { NonNull::new_unchecked(counted.0.as_ptr().wrapping_byte_add(LASTS)) };
        forget(counted);
        Held(marked)
    }

    /// Whether nobody counts it.
    #[inline]
    fn lasts(&self) -> bool {
        self.0.addr().get() & LASTS != 0
    }

    #[inline]
    fn as_ptr(&self) -> *mut dyn Dispatch {
        self.0.as_ptr().wrapping_byte_sub(self.0.addr().get() & LASTS)
    }

    #[inline]
    pub(super) fn address(&self) -> usize {
        self.0.addr().get() & !LASTS
    }
}

impl Deref for Held {
    type Target = dyn Dispatch;
    #[inline]
    fn deref(&self) -> &(dyn Dispatch + 'static) {
        // SAFETY: the count keeps it, or it lasts.
        unsafe { &*self.as_ptr() }
    }
}

impl Clone for Held {
    #[inline]
    fn clone(&self) -> Self {
        if !self.lasts() {
            // SAFETY: without the mark the pointer is an `Arc`'s, of which this has a count.
            unsafe { Arc::increment_strong_count(self.0.as_ptr()) };
        }
        Held(self.0)
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        if !self.lasts() {
            // SAFETY: without the mark the pointer is an `Arc`'s, whose count this gives up.
            unsafe { Arc::decrement_strong_count(self.0.as_ptr()) };
        }
    }
}

#[cfg(all(test, not(loom)))]
#[path = "held_test.rs"]
mod test;
