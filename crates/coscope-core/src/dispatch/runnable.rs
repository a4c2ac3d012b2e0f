//! [`Runnable`]: one step of work, a pointer and what to do with it.
//!
//! The idea is rayon's `JobRef`: whoever queues steps need not know what they are steps of.

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

/// What a [`Runnable`] can do.
#[derive(Debug)]
pub struct RunnableVtable {
    /// Runs the step. Called at most once, instead of `refuse`.
    pub run: unsafe fn(NonNull<()>),
    /// The step was dropped unrun: whoever held it has closed. Called at most once, instead of `run`.
    pub refuse: unsafe fn(NonNull<()>),
}

/// One step of work, to be run exactly once, on any thread that its dispatcher chooses.
///
/// Dropping it without running it means that the dispatcher refuses it: a coroutine's step is then
/// run elsewhere, and the coroutine cancelled.
#[must_use = "a step that is dropped is refused: its coroutine is cancelled"]
pub struct Runnable {
    pointer: NonNull<()>,
    vtable: &'static RunnableVtable,
}

// SAFETY: `Runnable::new` demands that the step may be run and refused on any thread.
unsafe impl Send for Runnable {}

/// Something shared that runs as a step, perhaps many times, each time as a [`Runnable`] of its own.
pub trait SharedStep: Send + Sync + 'static {
    /// Runs one step.
    fn run(self: Arc<Self>);
    /// The step was dropped unrun.
    fn refuse(self: Arc<Self>);
}

impl Runnable {
    /// A step that calls `vtable` with `pointer`.
    ///
    /// # Safety
    /// `pointer` must stay valid until one of the functions of `vtable` has been called with it,
    /// and both functions must be sound to call once, on any thread.
    pub unsafe fn new(pointer: NonNull<()>, vtable: &'static RunnableVtable) -> Self {
        Runnable { pointer, vtable }
    }

    /// A step that calls `f`. One allocation.
    ///
    /// ```
    /// use coscope_core::dispatch::Runnable;
    /// let (tx, rx) = std::sync::mpsc::channel();
    /// Runnable::from_fn(move || tx.send(7).unwrap()).run();
    /// assert_eq!(rx.recv(), Ok(7));
    /// ```
    pub fn from_fn<F: FnOnce() + Send + 'static>(f: F) -> Self {
        unsafe fn run<F: FnOnce()>(pointer: NonNull<()>) {
            // SAFETY: `pointer` came from `Box::into_raw` below, and the vtable is called once.
            let f = unsafe { Box::from_raw(pointer.cast::<F>().as_ptr()) };
            f();
        }
        unsafe fn refuse<F: FnOnce()>(pointer: NonNull<()>) {
            // SAFETY: as in `run`.
            drop(unsafe { Box::from_raw(pointer.cast::<F>().as_ptr()) });
        }
        trait Erased {
            const VTABLE: RunnableVtable;
        }
        impl<F: FnOnce()> Erased for F {
            const VTABLE: RunnableVtable = RunnableVtable { run: run::<F>, refuse: refuse::<F> };
        }
        let pointer = NonNull::from(Box::leak(Box::new(f))).cast::<()>();
        // SAFETY: the box lives until `run` or `refuse` takes it back; `F` is `Send`.
        unsafe { Runnable::new(pointer, &<F as Erased>::VTABLE) }
    }

    /// A step that is shared already, such as a view's runner: no allocation, one count.
    pub fn from_shared<T: SharedStep>(step: Arc<T>) -> Self {
        unsafe fn run<T: SharedStep>(pointer: NonNull<()>) {
            // SAFETY: `pointer` came from `Arc::into_raw` below, and the vtable is called once.
            unsafe { Arc::from_raw(pointer.cast::<T>().as_ptr()) }.run();
        }
        unsafe fn refuse<T: SharedStep>(pointer: NonNull<()>) {
            // SAFETY: as in `run`.
            unsafe { Arc::from_raw(pointer.cast::<T>().as_ptr()) }.refuse();
        }
        trait Erased {
            const VTABLE: RunnableVtable;
        }
        impl<T: SharedStep> Erased for T {
            const VTABLE: RunnableVtable = RunnableVtable { run: run::<T>, refuse: refuse::<T> };
        }
        let pointer = NonNull::new(Arc::into_raw(step).cast_mut()).expect("an Arc has an address");
        // SAFETY: the count that `into_raw` kept holds the step until `run` or `refuse` takes it back;
        // `T` is `Send` and `Sync`.
        unsafe { Runnable::new(pointer.cast(), &<T as Erased>::VTABLE) }
    }

    /// Runs the step on this thread.
    #[inline]
    pub fn run(self) {
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: `self` is consumed, so this is the one call; validity is `new`'s contract.
        unsafe { (this.vtable.run)(this.pointer) }
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // SAFETY: `run` forgets `self`, so this is the one call; validity is `new`'s contract.
        unsafe { (self.vtable.refuse)(self.pointer) }
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runnable").field(&self.pointer).finish()
    }
}
