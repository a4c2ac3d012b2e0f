//! Coroutines that borrow, or are bound to their thread: behind the promise of a caller who waits.

use std::future::Future;
use std::panic::resume_unwind;

use super::cell::{Launch, launch};
use super::deferred::Deferred;
use super::policy::Policy;
use crate::error::CancelReason;
use crate::job::{Event, Job, NodeRef};

/// The promise that a caller waits for everything launched with it.
///
/// Made in one place, [`block_on`](Self::block_on), which does not return or unwind before the job
/// below which all of it hangs has completed. So what is launched with it may borrow what outlives
/// that call, for which the lifetime of a `LocalScope` stands. A `pinned` coroutine checks before
/// every step that it is on the thread that launched it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waited(());

impl Waited {
    /// Launches the coroutine that `open` makes, for its result, and blocks until its job has
    /// completed: `drive` runs steps on this thread until its argument says that it is done, and
    /// `unpark` has it ask again.
    ///
    /// # Errors
    /// Why the coroutine was cancelled, if its policy makes no value of that.
    pub(crate) fn block_on<F, P>(
        parent: &NodeRef,
        with: Launch,
        open: impl FnOnce(Waited) -> F,
        drive: impl Fn(&dyn Fn() -> bool),
        unpark: impl FnOnce() + Send + 'static,
    ) -> Result<P::Stored, CancelReason>
    where
        F: Future,
        P: Policy<F::Output>,
    {
        /// Waits on every path.
        struct WaitFor<'a>(&'a NodeRef, &'a dyn Fn(&dyn Fn() -> bool));
        impl Drop for WaitFor<'_> {
            fn drop(&mut self) {
                crate::unwind::abort_on_panic(|| {
                    while !self.0.state.is_completed() {
                        (self.1)(&|| self.0.state.is_completed());
                    }
                });
            }
        }
        let mut deferred = Waited(()).spawn::<F, P>(parent, with, open(Waited(())));
        let node = deferred.node().clone();
        let unparks = node.listen(Event::Complete, Box::new(unpark));
        drop(WaitFor(&node, &drive));
        let _called = unparks;
        deferred.take().ok_or_else(|| node.reason()) // not awaited: the caller's step may have spent its budget
    }

    /// Launches a coroutine for its effects.
    pub(crate) fn launch<F, P>(self, parent: &NodeRef, with: Launch, future: F) -> Job
    where
        F: Future,
        P: Policy<F::Output>,
    {
        // SAFETY: the promise: what `future` borrows outlives the job; a pinned one checks its thread.
        Job(unsafe { launch::<F, P>(parent, with, future) })
    }

    /// Launches a coroutine for its result.
    pub(crate) fn spawn<F, P>(self, parent: &NodeRef, with: Launch, future: F) -> Deferred<P::Stored>
    where
        F: Future,
        P: Policy<F::Output>,
    {
        // SAFETY: as in `launch`; the `Deferred` is made of the policy's own type, once, and is no
        // more `Send` than the result is.
        unsafe { Deferred::new(launch::<F, P>(parent, with, future)) }
    }
}

/// What a blocked caller unwinds with when its job was cancelled. It counts as cancellation outside.
#[derive(Debug)]
pub(crate) struct Unwound {
    pub(crate) reason: CancelReason,
}

impl Unwound {
    /// Unwinds without the panic hook.
    pub(crate) fn unwind(reason: CancelReason) -> ! {
        resume_unwind(Box::new(Unwound { reason }))
    }
}
