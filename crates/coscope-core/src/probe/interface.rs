//! [`Probe`]: who is told. Imports `event`.

use std::sync::Arc;

use super::event::{Blocked, Launched, Outcome, Resource, StepEnd};

/// Hears what happens to coroutines. Every method does nothing unless it is written.
///
/// Coroutines are named by their numbers ([`Job::id`](crate::Job::id)), which are never used again in a process.
/// Each event is told on the thread on which it happens, with no lock of the library held, and what it tells of
/// waits until all have heard it: a probe should be short, and must not wait.
///
/// The events of one coroutine come in this order:
///
/// ```text
/// launched ─► (woken ─►) step_started ─► step_ended(Suspended | Yielded) ─► … ─► step_ended(Completed | Cut) ─► completed
///                              └► blocked ─► granted | left
/// ```
///
/// No two steps of a coroutine overlap; a step of another may run *inside* of a step, on the same thread (one that was
/// launched undispatched), and has then ended before it. `cancelled` may come at any time, and behind `completed`
/// where the two race. Who listens from the middle on hears of coroutines whose launch it has not heard.
///
/// A probe that panics is taken out, with a line on standard error; the coroutine goes on. What a probe does
/// itself is told to nobody: neither what happens on the thread while it is being told something, nor what becomes of
/// the coroutines that it launches, and of theirs.
///
/// ```
/// use coscope::prelude::*;
/// use coscope::probe::{self, Probe, StepEnd};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// /// Counts how often anybody has yielded.
/// #[derive(Default)]
/// struct Yields(AtomicUsize);
///
/// impl Probe for Yields {
///     fn step_ended(&self, _coroutine: u64, end: StepEnd) {
///         self.0.fetch_add(usize::from(end == StepEnd::Yielded), Ordering::Relaxed);
///     }
/// }
///
/// let yields = Arc::new(Yields::default());
/// let listening = probe::install(yields.clone());
/// run_blocking(async |_| yield_now().await);
/// drop(listening);
/// assert!(yields.0.load(Ordering::Relaxed) >= 1);
/// ```
pub trait Probe: Send + Sync + 'static {
    /// A coroutine was launched. It has not run yet.
    fn launched(&self, launched: &Launched<'_>) {
        let _ = launched;
    }

    /// A step of the coroutine begins on this thread.
    fn step_started(&self, coroutine: u64) {
        let _ = coroutine;
    }

    /// The step of the coroutine that began on this thread has ended.
    fn step_ended(&self, coroutine: u64, end: StepEnd) {
        let _ = (coroutine, end);
    }

    /// The coroutine was suspended, and goes to its dispatcher for another step: what it waited for has come.
    fn woken(&self, coroutine: u64) {
        let _ = coroutine;
    }

    /// The coroutine begins to be cancelled: by itself, or with what is above it.
    fn cancelled(&self, coroutine: u64) {
        let _ = coroutine;
    }

    /// The coroutine has completed: its body, its clean-up and all its children are gone. Nothing more comes of it.
    fn completed(&self, coroutine: u64, outcome: Outcome) {
        let _ = (coroutine, outcome);
    }

    /// A coroutine has to wait for something. Told once for each wait, however often it is polled.
    fn blocked(&self, blocked: &Blocked) {
        let _ = blocked;
    }

    /// A coroutine that was [`blocked`](Self::blocked) goes on, with what it waited for, or since that will never come
    /// (a channel has closed).
    fn granted(&self, waiter: u64, on: Resource) {
        let _ = (waiter, on);
    }

    /// A wait that was [`blocked`](Self::blocked) was dropped: cut by a cancel, or lost in a race.
    fn left(&self, waiter: u64, on: Resource) {
        let _ = (waiter, on);
    }

    /// The lock of a mutex, or permits of a semaphore, were given back.
    fn released(&self, on: Resource) {
        let _ = on;
    }
}

/// So that a probe can be read while it listens.
impl<P: Probe + ?Sized> Probe for Arc<P> {
    fn launched(&self, launched: &Launched<'_>) {
        (**self).launched(launched);
    }
    fn step_started(&self, coroutine: u64) {
        (**self).step_started(coroutine);
    }
    fn step_ended(&self, coroutine: u64, end: StepEnd) {
        (**self).step_ended(coroutine, end);
    }
    fn woken(&self, coroutine: u64) {
        (**self).woken(coroutine);
    }
    fn cancelled(&self, coroutine: u64) {
        (**self).cancelled(coroutine);
    }
    fn completed(&self, coroutine: u64, outcome: Outcome) {
        (**self).completed(coroutine, outcome);
    }
    fn blocked(&self, blocked: &Blocked) {
        (**self).blocked(blocked);
    }
    fn granted(&self, waiter: u64, on: Resource) {
        (**self).granted(waiter, on);
    }
    fn left(&self, waiter: u64, on: Resource) {
        (**self).left(waiter, on);
    }
    fn released(&self, on: Resource) {
        (**self).released(on);
    }
}
