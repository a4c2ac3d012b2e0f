//! Coroutines that borrow, or are bound to their thread: behind a promise of whoever launches them.

use std::future::Future;

use super::cell::{Launch, launch};
use super::deferred::Deferred;
use super::policy::Policy;
use crate::job::{Job, NodeRef};

/// The promise that a job below which coroutines borrow is waited for.
///
/// Whoever makes one does not go on, on any path, before every coroutine launched with it has
/// completed. What is launched lives at least that long; a `pinned` launch's dispatcher runs steps
/// only on the thread that made the promise, and does so until all have completed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waited(());

impl Waited {
    /// # Safety
    /// As the type says.
    pub(crate) unsafe fn promise() -> Self {
        Waited(())
    }

    /// Launches a coroutine for its effects.
    pub(crate) fn launch<F, P>(self, parent: &NodeRef, with: Launch, future: F) -> Job
    where
        F: Future,
        P: Policy<F::Output>,
    {
        // SAFETY: the promise.
        Job(unsafe { launch::<F, P>(parent, with, future) })
    }

    /// Launches a coroutine for its result.
    pub(crate) fn spawn<F, P>(self, parent: &NodeRef, with: Launch, future: F) -> Deferred<P::Stored>
    where
        F: Future,
        P: Policy<F::Output>,
    {
        // SAFETY: the promise; the `Deferred` is made of the policy's own type, once, and is no more
        // `Send` than the result is.
        unsafe { Deferred::new(launch::<F, P>(parent, with, future), P::cancelled) }
    }
}
