//! [`WaitCell`]: a shared value under a lock, with a fair queue of those who wait for it to change.

use std::alloc::Layout;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::{Turn, WaitQueue, Waiter};
use crate::memory;
use crate::primitive::{AtomicBool, AtomicUsize, Mutex, Ordering, fence};

/// A value, and those who wait for it to change. Clones are the same cell, counted as an `Arc` counts;
/// its block comes from the free lists of nodes.
pub struct WaitCell<T>(NonNull<Block<T>>, PhantomData<Block<T>>);

#[repr(align(16))]
struct Block<T> {
    count: AtomicUsize,
    state: Mutex<(T, WaitQueue)>,
}

// SAFETY: as for `Arc<Mutex<T>>`: the value is touched under the lock, by one thread at a time.
unsafe impl<T: Send> Send for WaitCell<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for WaitCell<T> {}

impl<T> WaitCell<T> {
    /// A cell around `value`.
    pub fn new(value: T) -> Self {
        let block = memory::allocate(Layout::new::<Block<T>>()).cast::<Block<T>>();
        let state = Mutex::new((value, WaitQueue::new()));
        // SAFETY: the block is fresh and has the layout of a `Block<T>`.
        unsafe { block.write(Block { count: AtomicUsize::new(1), state }) };
        WaitCell(block, PhantomData)
    }

    fn block(&self) -> &Block<T> {
        // SAFETY: the count that this handle stands for keeps the block.
        unsafe { self.0.as_ref() }
    }

    /// Looks at, or changes, the value. Says also whether somebody waits. `f` is called under the lock:
    /// no user code in it.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> (R, bool) {
        let mut state = self.block().state.lock();
        (f(&mut state.0), !state.1.is_empty())
    }

    /// Wakes everybody who waits.
    pub fn wake_all(&self) {
        loop {
            let waker = self.block().state.lock().1.pop();
            match waker {
                Some(waker) => crate::unwind::contain("a waker", || waker.wake()),
                None => return,
            }
        }
    }
}

impl<T> fmt::Debug for WaitCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitCell")
    }
}

impl<T> Clone for WaitCell<T> {
    fn clone(&self) -> Self {
        let before = self.block().count.fetch_add(1, Ordering::Relaxed);
        if before > usize::MAX / 2 {
            std::process::abort(); // a leak of counts, as in `Arc`
        }
        WaitCell(self.0, PhantomData)
    }
}

impl<T> Drop for WaitCell<T> {
    fn drop(&mut self) {
        if self.block().count.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        /// Gives the block back, also if the value panics when it is dropped.
        struct Release<T>(NonNull<Block<T>>);
        impl<T> Drop for Release<T> {
            fn drop(&mut self) {
                // SAFETY: the last count is gone, and what was in the block has been dropped.
                unsafe { memory::release(self.0.cast(), Layout::new::<Block<T>>()) };
            }
        }
        let _release = Release(self.0);
        // SAFETY: the last count is gone: nobody else has a pointer.
        unsafe { self.0.drop_in_place() };
    }
}

/// One who waits for a cell.
pub struct WaitFor<T> {
    cell: WaitCell<T>,
    waiter: Waiter,
    /// The waiter has been put into the queue, and perhaps taken out again.
    queued: AtomicBool,
}

impl<T> fmt::Debug for WaitFor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitFor")
    }
}

impl<T> WaitFor<T> {
    /// One who waits for `cell`.
    pub fn new(cell: WaitCell<T>) -> Self {
        WaitFor { cell, waiter: Waiter::new(), queued: AtomicBool::new(false) }
    }

    /// The cell.
    pub fn cell(&self) -> &WaitCell<T> {
        &self.cell
    }

    /// Ready with what `look` gives, called under the lock; waits for a change where it gives nothing.
    pub fn poll<R>(
        self: Pin<&Self>,
        cx: &mut Context<'_>,
        mut look: impl FnMut(&mut T) -> Option<R>,
    ) -> Poll<R> {
        // SAFETY: a projection to a field that is never moved out of.
        let waiter = unsafe { self.map_unchecked(|this| &this.waiter) };
        if let Some(result) = look(&mut self.cell.block().state.lock().0) {
            return Poll::Ready(result);
        }
        let waker = cx.waker().clone(); // user code: not under the lock
        self.queued.store(true, Ordering::Relaxed);
        let (result, outdated) = {
            let mut state = self.cell.block().state.lock();
            match look(&mut state.0) {
                Some(result) => (Poll::Ready(result), Some(waker)),
                // SAFETY: the waiter stands in this queue or in none; `drop` takes it out.
                None => (Poll::Pending, unsafe { state.1.push(waiter, waker) }),
            }
        };
        drop(outdated);
        result
    }

    /// As [`poll`](Self::poll), for a [clause](super::Clause): ready with what `look` gives; where it gives
    /// nothing, waits with the turn's ticket, if it has one. After a claim of that was granted, look with `poll`.
    pub fn poll_commit<R>(
        self: Pin<&Self>,
        turn: &Turn<'_, '_>,
        look: impl FnOnce(&mut T) -> Option<R>,
    ) -> Poll<R> {
        // SAFETY: a projection to a field that is never moved out of.
        let waiter = unsafe { self.map_unchecked(|this| &this.waiter) };
        let mut state = self.cell.block().state.lock();
        if let Some(result) = look(&mut state.0) {
            return Poll::Ready(result);
        }
        if let Some(ticket) = turn.ticket()
            && !state.1.contains(waiter)
        {
            self.queued.store(true, Ordering::Relaxed);
            // SAFETY: the waiter stands in this queue or in none; `drop` takes it out.
            unsafe { state.1.push_ticket(waiter, ticket) };
        }
        Poll::Pending
    }

    #[cold]
    fn leave(&mut self) {
        // SAFETY: the waiter was pinned when it came in and has not moved.
        let waiter = unsafe { Pin::new_unchecked(&self.waiter) };
        // SAFETY: the waiter stands in this queue or in none.
        let waker = unsafe { self.cell.block().state.lock().1.remove(waiter) };
        drop(waker);
    }
}

impl<T> Drop for WaitFor<T> {
    fn drop(&mut self) {
        if self.queued.load(Ordering::Relaxed) {
            self.leave();
        }
    }
}
