//! [`Held`]: a count of a dispatcher, or none where it lasts as long as the process.
//!
//! Every coroutine has a handle to its dispatcher. Those of the process's own would be counted by all threads at once,
//! in one place, for nothing: a handle to one that lasts has a mark, the lowest bit of its address, which is free.
//!
//! A thread that is blocked in an event loop keeps the dispatcher of that all the time. It takes a great many counts of
//! it at once ([`Held::lend`]); handles that are cloned and dropped on the thread meanwhile it counts by itself, without
//! a locked instruction, and gives back what is left. A handle is the same, whoever has counted it: it may go to another
//! thread, and be dropped there.

use std::cell::Cell;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use super::Dispatch;
use crate::primitive::{HandleCount, Ordering, fence};

const LASTS: usize = 1;
/// So many counts a thread takes at once: more than it can make handles, a billion in a second for a year.
const MANY: u64 = 1 << 55;

/// What handles point to: their count, and a count of what they are handles to.
struct Counted {
    handles: HandleCount,
    /// As `Arc::into_raw` gave it.
    dispatch: *const dyn Dispatch,
}

/// The dispatcher whose handles this thread counts by itself.
struct Lent {
    counted: Cell<*const Counted>,
    /// Handles made here less those dropped here.
    made: Cell<i64>,
}

std::thread_local! {
    static LENT: Lent = const { Lent { counted: Cell::new(ptr::null()), made: Cell::new(0) } };
}

/// A pointer to a dispatcher, and a count of it; or, with the mark, no count.
pub(super) struct Held(NonNull<Counted>);

// SAFETY: as `Arc<dyn Dispatch>`, since a `Dispatch` is `Send` and `Sync`.
unsafe impl Send for Held {}
// SAFETY: as above.
unsafe impl Sync for Held {}

impl Held {
    pub(super) fn new(dispatch: Arc<dyn Dispatch>) -> Self {
        let counted = Counted { handles: HandleCount::new(1), dispatch: Arc::into_raw(dispatch) };
        Held(NonNull::from(Box::leak(Box::new(counted))))
    }

    /// Never gives up the count of `dispatch`.
    pub(super) fn lasting(dispatch: Arc<dyn Dispatch>) -> Self {
        let counted = std::mem::ManuallyDrop::new(Held::new(dispatch));
        Held(counted.0.map_addr(|addr| addr | LASTS))
    }

    /// Runs `f`, in which this thread counts clones of this handle by itself.
    pub(super) fn lend<R>(&self, f: impl FnOnce() -> R) -> R {
        /// Gives the counts back, on unwinding too.
        struct Return<'a>(&'a Counted, (*const Counted, i64));
        impl Drop for Return<'_> {
            fn drop(&mut self) {
                let made = LENT.with(|lent| {
                    lent.counted.set(self.1.0);
                    lent.made.replace(self.1.1)
                });
                // never the last: there is the handle that was lent
                self.0.handles.sub(MANY.wrapping_add_signed(-made));
            }
        }
        if self.lasts() || self.count_here(0) {
            return f(); // nobody counts it, or this thread does already
        }
        self.counted().handles.add(MANY);
        let around = LENT.with(|lent| (lent.counted.replace(self.0.as_ptr()), lent.made.replace(0)));
        let _return = Return(self.counted(), around);
        f()
    }

    /// Whether this thread counts it. Notes that it has made one more, or one less, if so.
    #[inline]
    fn count_here(&self, more: i64) -> bool {
        LENT.with(|lent| {
            let here = ptr::eq(lent.counted.get(), self.0.as_ptr());
            if here {
                lent.made.set(lent.made.get() + more);
            }
            here
        })
    }

    /// Whether nobody counts it.
    #[inline]
    fn lasts(&self) -> bool {
        self.0.addr().get() & LASTS != 0
    }

    #[inline]
    fn counted(&self) -> &Counted {
        // SAFETY: the count keeps it, or it lasts.
        unsafe { &*self.0.as_ptr().map_addr(|addr| addr & !LASTS) }
    }

    #[inline]
    pub(super) fn address(&self) -> usize {
        self.counted().dispatch.addr()
    }

    #[cold]
    #[inline(never)]
    fn free(&mut self) {
        fence(Ordering::Acquire);
        // SAFETY: the last count is gone: nobody else has a pointer. The box and the `Arc` are those of `new`.
        unsafe {
            let counted = Box::from_raw(self.0.as_ptr());
            drop(Arc::from_raw(counted.dispatch));
        }
    }
}

impl Deref for Held {
    type Target = dyn Dispatch;
    #[inline]
    fn deref(&self) -> &(dyn Dispatch + 'static) {
        // SAFETY: `Counted` has a count of it.
        unsafe { &*self.counted().dispatch }
    }
}

impl Clone for Held {
    #[inline]
    fn clone(&self) -> Self {
        if !self.lasts() && !self.count_here(1) {
            self.counted().handles.add(1);
        }
        Held(self.0)
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        if !self.lasts() && !self.count_here(-1) && self.counted().handles.sub(1) == 1 {
            self.free();
        }
    }
}

#[cfg(all(test, not(loom)))]
#[path = "held_test.rs"]
mod test;
