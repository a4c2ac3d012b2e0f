//! [`Unconfined`]: runs each step in the thread that resumes it.
//!
//! A wake must not run a step inside itself, least of all under somebody's lock. So whoever resumes
//! coroutines brackets that with [`resuming`]: unconfined steps queue up on the thread meanwhile, and
//! run when the outermost bracket ends. A wake outside any bracket comes from foreign code, which
//! names no such point: that step goes to the process's default dispatcher.
//!
//! May import `primitive`, `unwind`, and here `runnable`, `dispatcher`, `runtime`, `place`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::place::keep_permit;
use super::{Dispatch, Dispatcher, Runnable, runtime};
use crate::primitive::thread_local;
use crate::unwind::contain;
use crate::wait::WaitCell;

thread_local! {
    /// How many brackets are open on this thread.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Whether there is something in `QUEUE`.
    static QUEUED: Cell<bool> = const { Cell::new(false) };
}
thread_local! {
    static QUEUE: RefCell<VecDeque<Runnable>> = const { RefCell::new(VecDeque::new()) };
}

/// Runs each step in the thread that resumes it, when the outermost [`resuming`] there ends.
#[derive(Debug)]
pub(super) struct Unconfined;

impl Dispatch for Unconfined {
    fn dispatch(&self, runnable: Runnable) {
        let mut runnable = Some(runnable);
        if DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0) {
            // at the end of a thread's life the queue may be gone
            let _ = QUEUE.try_with(|queue| queue.borrow_mut().extend(runnable.take()));
            let _ = QUEUED.try_with(|queued| queued.set(true));
        }
        if let Some(runnable) = runnable {
            runtime().default_dispatcher().dispatch(runnable);
        }
    }

    fn is_dispatch_needed(&self) -> bool {
        false
    }

    fn limited_parallelism(&self, _: usize, _: Option<&str>) -> Option<Dispatcher> {
        panic!(
            "limited_parallelism on Unconfined: it has no threads of its own, so there is nothing to limit"
        )
    }

    fn name(&self) -> &str {
        "Dispatchers.Unconfined"
    }
}

/// Runs `f`, which resumes coroutines, and then, if this is the outermost such bracket on this
/// thread, all unconfined steps that were queued meanwhile; what they queue as well. Call it with no
/// lock held.
///
/// ```
/// use coscope_core::dispatch::{Dispatcher, Runnable, resuming};
/// use std::sync::mpsc;
///
/// let (tx, rx) = mpsc::channel();
/// let inner = tx.clone();
/// resuming(|| {
///     Dispatcher::unconfined().dispatch(Runnable::from_fn(move || inner.send("then this").unwrap()));
///     tx.send("first this").unwrap();
/// });
/// assert_eq!(rx.try_iter().collect::<Vec<_>>(), ["first this", "then this"]);
/// ```
#[inline]
pub fn resuming<R>(f: impl FnOnce() -> R) -> R {
    let _bracket = Bracket::open();
    f()
}

impl<T> WaitCell<T> {
    /// Changes the value, and wakes everybody who waits, unless `f` refuses. `f` is called under the lock: no user code in it.
    ///
    /// # Errors
    /// What `f` refuses with.
    #[inline]
    pub fn change<R, E>(&self, f: impl FnOnce(&mut T) -> Result<R, E>) -> Result<R, E> {
        let (changed, awaited) = self.with(f);
        if awaited && changed.is_ok() {
            resuming(|| self.wake_all());
        }
        changed
    }
}

/// Runs `f` as if no bracket were open on this thread: for an event loop, which may be driven inside one
/// and ends only when what is resumed in it has run. What is queued already waits for the outer bracket.
///
/// ```
/// use coscope_core::dispatch::{Dispatcher, Runnable, apart, resuming};
/// use std::sync::mpsc;
///
/// let (tx, rx) = mpsc::channel();
/// resuming(|| {
///     apart(|| {
///         resuming(|| Dispatcher::unconfined().dispatch(Runnable::from_fn(move || tx.send(7).unwrap())));
///         assert_eq!(rx.try_recv(), Ok(7)); // it did not wait for the outer bracket
///     });
/// });
/// ```
pub fn apart<R>(f: impl FnOnce() -> R) -> R {
    struct Return(u32, VecDeque<Runnable>);
    impl Drop for Return {
        fn drop(&mut self) {
            let queue = std::mem::take(&mut self.1);
            let _ = QUEUED.try_with(|queued| queued.set(!queue.is_empty()));
            let _ = QUEUE.try_with(|own| own.replace(queue));
            let _ = DEPTH.try_with(|depth| depth.set(self.0));
        }
    }
    let depth = DEPTH.try_with(|depth| depth.replace(0)).unwrap_or(0);
    let _return = Return(depth, QUEUE.try_with(RefCell::take).unwrap_or_default());
    f()
}

/// Its drop runs what is queued, also when `f` panics: no step is lost.
struct Bracket(bool);

impl Bracket {
    #[inline]
    fn open() -> Self {
        Bracket(DEPTH.try_with(|depth| depth.set(depth.get() + 1)).is_ok())
    }
}

impl Drop for Bracket {
    #[inline]
    fn drop(&mut self) {
        if !self.0 {
            return;
        }
        let _ = DEPTH.try_with(|depth| {
            if depth.get() == 1 && QUEUED.try_with(Cell::get).unwrap_or(false) {
                keep_permit(run_queued);
            }
            depth.set(depth.get() - 1);
        });
    }
}

#[cold]
fn run_queued() {
    while let Ok(Some(step)) = QUEUE.try_with(|queue| queue.borrow_mut().pop_front()) {
        contain("an unconfined step", || step.run());
    }
    let _ = QUEUED.try_with(|queued| queued.set(false));
}
