//! [`Runnable`]: one step of work, a pointer to something that begins with what to do with it.
//!
//! The idea is rayon's `JobRef`: whoever queues steps need not know what they are steps of. It is one
//! word, so that queues are short and a place for one step is an atomic pointer.

use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

/// What a [`Runnable`] can do.
#[derive(Debug)]
#[repr(C)]
pub struct RunnableVtable {
    /// Runs the step, for the dispatcher at an address. Called at most once, instead of `refuse`. `true` hands it
    /// back: it has yielded, goes on at that dispatcher, and is out again, as the same pointer.
    pub run: unsafe fn(NonNull<()>, usize) -> bool,
    /// The step was dropped unrun: whoever held it has closed. Called at most once, instead of `run`.
    pub refuse: unsafe fn(NonNull<()>),
}

/// How many low bits of a step's pointer are its own to use.
const TAG: usize = 0xF;

/// One step of work, to be run exactly once, on any thread that its dispatcher chooses.
///
/// Dropping it without running it means that the dispatcher refuses it: a coroutine's step is then
/// run elsewhere, and the coroutine cancelled.
///
/// ```
/// use coscope_core::dispatch::Runnable;
///
/// let (tx, rx) = std::sync::mpsc::channel();
/// let step = Runnable::from_fn(move || tx.send(7).unwrap());
/// std::thread::spawn(move || step.run());
/// assert_eq!(rx.recv(), Ok(7));
/// ```
#[must_use = "a step that is dropped is refused: its coroutine is cancelled"]
#[repr(transparent)]
pub struct Runnable(NonNull<()>);

// SAFETY: `Runnable::new` demands that the step may be run and refused on any thread.
unsafe impl Send for Runnable {}

/// Something shared that runs as a step, perhaps many times, each time as a [`Runnable`] of its own.
///
/// ```
/// use coscope_core::dispatch::{Runnable, Shared, SharedStep};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// struct Count(AtomicU32);
/// impl SharedStep for Count {
///     fn run(this: Arc<Shared<Self>>) { this.0.fetch_add(1, Relaxed); }
///     fn refuse(_this: Arc<Shared<Self>>) {}
/// }
///
/// let count = Shared::new(Count(AtomicU32::new(0)));
/// Runnable::from_shared(count.clone()).run();
/// Runnable::from_shared(count.clone()).run();
/// drop(Runnable::from_shared(count.clone())); // refused
/// assert_eq!(count.0.load(Relaxed), 2);
/// ```
pub trait SharedStep: Send + Sync + Sized + 'static {
    /// Runs one step.
    fn run(this: Arc<Shared<Self>>);
    /// The step was dropped unrun.
    fn refuse(this: Arc<Shared<Self>>);
}

/// A [`SharedStep`] with what a [`Runnable`] needs in front of it.
///
/// See [`SharedStep`] for an example.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct Shared<T> {
    vtable: &'static RunnableVtable,
    step: T,
}

impl<T: SharedStep> Shared<T> {
    const VTABLE: &'static RunnableVtable = &RunnableVtable {
        run: |pointer, _| {
            // SAFETY: (this and the following) the pointer came from `Arc::into_raw` in `from_shared`, and
            // the vtable is called once for each.
            T::run(unsafe { Arc::from_raw(pointer.cast::<Shared<T>>().as_ptr()) });
            false
        },
        // SAFETY: see above.
        refuse: |pointer| T::refuse(unsafe { Arc::from_raw(pointer.cast::<Shared<T>>().as_ptr()) }),
    };

    /// Shares `step`.
    ///
    /// See [`SharedStep`] for an example.
    pub fn new(step: T) -> Arc<Self> {
        Arc::new(Shared { vtable: Self::VTABLE, step })
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.step
    }
}

/// A closure with what a [`Runnable`] needs in front of it.
#[repr(C, align(16))]
struct Boxed<F> {
    vtable: &'static RunnableVtable,
    f: F,
}

impl<F: FnOnce()> Boxed<F> {
    const VTABLE: &'static RunnableVtable = &RunnableVtable {
        run: |pointer, _| {
            // SAFETY: (this and the following) the pointer came from a box in `from_fn`, and the vtable is
            // called once.
            (unsafe { Box::from_raw(pointer.cast::<Boxed<F>>().as_ptr()) }.f)();
            false
        },
        // SAFETY: see above.
        refuse: |pointer| drop(unsafe { Box::from_raw(pointer.cast::<Boxed<F>>().as_ptr()) }),
    };
}

impl Runnable {
    /// A step that calls the vtable at the head of what `pointer` points to, with `pointer` itself, whose
    /// low four bits are a tag.
    ///
    /// # Safety
    /// Without its tag the pointer must be to a `&'static RunnableVtable`, with more behind it or not, and
    /// stay valid until one of that one's functions has been called; both functions must be sound to call
    /// once, on any thread, and after a `run` that hands the step back once more.
    #[inline]
    pub unsafe fn new(pointer: NonNull<()>) -> Self {
        Runnable(pointer)
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
        let boxed = Box::new(Boxed { vtable: Boxed::<F>::VTABLE, f });
        // SAFETY: the box lives until `run` or `refuse` takes it back, and begins with its vtable; `F` is `Send`.
        unsafe { Runnable::new(NonNull::from(Box::leak(boxed)).cast()) }
    }

    /// A step that is shared already, such as a view's runner: no allocation, one count.
    ///
    /// See [`SharedStep`] for an example.
    pub fn from_shared<T: SharedStep>(step: Arc<Shared<T>>) -> Self {
        let pointer = NonNull::new(Arc::into_raw(step).cast_mut()).expect("an Arc has an address");
        // SAFETY: the count that `into_raw` kept holds the step until `run` or `refuse` takes it back; it
        // begins with its vtable; `T` is `Send` and `Sync`.
        unsafe { Runnable::new(pointer.cast()) }
    }

    #[inline]
    fn vtable(&self) -> &'static RunnableVtable {
        let head = self.0.as_ptr().map_addr(|addr| addr & !TAG).cast::<&'static RunnableVtable>();
        // SAFETY: `new`'s contract: the step has not been run or refused, so its head is there.
        unsafe { *head }
    }

    /// Runs the step on this thread.
    ///
    /// ```
    /// use coscope_core::dispatch::Runnable;
    ///
    /// let (tx, rx) = std::sync::mpsc::channel();
    /// Runnable::from_fn(move || tx.send(7).unwrap()).run();
    /// assert_eq!(rx.recv(), Ok(7));
    /// ```
    ///
    /// # Panics
    /// With the panic of a closure; a coroutine's step catches its own.
    #[inline]
    pub fn run(self) {
        let again = self.run_at(0);
        debug_assert!(again.is_none(), "no dispatcher is at 0");
    }

    /// Runs the step on this thread, which is one of the dispatcher at the address `home`. A coroutine that
    /// has yielded and goes on there is handed back, for the dispatcher to queue it behind all others.
    ///
    /// ```
    /// use coscope_core::dispatch::Runnable;
    ///
    /// let step = Runnable::from_fn(|| println!("once"));
    /// assert!(step.run_at(0).is_none()); // a closure never yields
    /// ```
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[inline]
    pub fn run_at(self, home: usize) -> Option<Runnable> {
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: `self` is consumed, so this is the one call; validity is `new`'s contract.
        let again = unsafe { (this.vtable().run)(this.0, home) };
        again.then(|| Runnable(this.0))
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // SAFETY: `run_at` forgets `self`, so this is the one call; validity is `new`'s contract.
        unsafe { (self.vtable().refuse)(self.0) }
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runnable").field(&self.0).finish()
    }
}
