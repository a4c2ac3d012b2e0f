//! [`CompletableDeferred`]: a value that is given by hand, once.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::suspend::gate::{self, Site, WaitKind};
use crate::wait::{Clause, Turn, WaitCell, WaitFor};

/// A value to come that somebody completes by hand: an answer to a question.
///
/// Handles are cheap to clone; one completes it, one awaits it. The first completion counts, the
/// value goes to the first that awaits. If every handle but the awaiting ones is gone, the await
/// would never end; [`complete`](Self::complete) it, or [`cancel`](Self::cancel) it.
///
/// ```
/// # use coscope::{CompletableDeferred, prelude::*};
/// run_blocking(async |s: Scope| {
///     let answer = CompletableDeferred::new();
///     let giver = answer.clone();
///     s.launch(async move { giver.complete(42).unwrap() });
///     assert_eq!(answer.wait().await, Ok(42));
/// });
/// ```
pub struct CompletableDeferred<T>(WaitCell<Stage<T>>);

enum Stage<T> {
    Empty,
    Full(T),
    Taken,
    Cancelled,
}

/// There is no value: it was cancelled, or somebody else has taken it.
///
/// ```
/// use coscope::{CompletableDeferred, NoValue, run_blocking};
///
/// let answer = CompletableDeferred::<i32>::new();
/// answer.cancel();
/// assert_eq!(run_blocking(async |_| answer.wait().await), Err(NoValue));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoValue;

impl fmt::Display for NoValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the CompletableDeferred was cancelled, or its value was taken by another")
    }
}
impl std::error::Error for NoValue {}

impl<T> CompletableDeferred<T> {
    /// One without a value.
    ///
    /// ```
    /// let answer = coscope::CompletableDeferred::<i32>::new();
    /// assert!(!answer.is_completed());
    /// ```
    pub fn new() -> Self {
        CompletableDeferred(WaitCell::new(Stage::Empty))
    }

    /// Gives the value.
    ///
    /// ```
    /// let answer = coscope::CompletableDeferred::new();
    /// assert_eq!(answer.complete(42), Ok(()));
    /// assert_eq!(answer.complete(43), Err(43));
    /// ```
    ///
    /// # Errors
    /// The value back, if it was completed or cancelled before.
    pub fn complete(&self, value: T) -> Result<(), T> {
        self.settle(Stage::Full(value)).map_err(|stage| match stage {
            Stage::Full(value) => value,
            _ => unreachable!("what was given comes back"),
        })
    }

    /// Gives up: whoever awaits gets [`NoValue`]. `true` if it was not completed before.
    ///
    /// ```
    /// let answer = coscope::CompletableDeferred::new();
    /// assert!(answer.cancel());
    /// assert_eq!(answer.complete(42), Err(42));
    /// ```
    pub fn cancel(&self) -> bool {
        self.settle(Stage::Cancelled).is_ok()
    }

    /// Whether it was completed or cancelled.
    ///
    /// ```
    /// let answer = coscope::CompletableDeferred::new();
    /// answer.complete(42).unwrap();
    /// assert!(answer.is_completed());
    /// ```
    pub fn is_completed(&self) -> bool {
        self.0.with(|stage| !matches!(stage, Stage::Empty)).0
    }

    fn settle(&self, to: Stage<T>) -> Result<(), Stage<T>> {
        self.0.change(|stage| match stage {
            Stage::Empty => {
                *stage = to;
                Ok(())
            }
            _ => Err(to),
        })
    }

    /// Waits for the value, and takes it.
    ///
    /// ```
    /// use coscope::{CompletableDeferred, NoValue, run_blocking};
    ///
    /// run_blocking(async |_| {
    ///     let answer = CompletableDeferred::new();
    ///     answer.complete(42).unwrap();
    ///     assert_eq!(answer.wait().await, Ok(42));
    ///     assert_eq!(answer.wait().await, Err(NoValue)); // taken
    /// });
    /// ```
    ///
    /// # Errors
    /// [`NoValue`] if it was cancelled, or somebody else has taken it.
    ///
    /// # Cancellation
    /// Safe: a wait that is cut takes nothing.
    #[track_caller]
    pub fn wait(&self) -> WaitForValue<T> {
        WaitForValue {
            waiting: WaitFor::new(self.0.clone()),
            site: Site::new(WaitKind::Value, Location::caller()),
        }
    }
}

impl<T> Default for CompletableDeferred<T> {
    fn default() -> Self {
        CompletableDeferred::new()
    }
}

impl<T> Clone for CompletableDeferred<T> {
    fn clone(&self) -> Self {
        CompletableDeferred(self.0.clone())
    }
}

impl<T> fmt::Debug for CompletableDeferred<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompletableDeferred").field("completed", &self.is_completed()).finish()
    }
}

pin_project! {
    /// The future of [`CompletableDeferred::wait`].
    ///
    /// ```
    /// # use coscope::{CompletableDeferred, WaitForValue, run_blocking};
    /// let answer = CompletableDeferred::new();
    /// let value: WaitForValue<i32> = answer.wait();
    /// answer.complete(42).unwrap();
    /// assert_eq!(run_blocking(async |_| value.await), Ok(42));
    /// ```
    #[must_use = "it waits only when it is awaited"]
    pub struct WaitForValue<T> {
        #[pin]
        waiting: WaitFor<Stage<T>>,
        site: Site,
    }
}

impl<T> Future for WaitForValue<T> {
    type Output = Result<T, NoValue>;
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let open = gate::is_open(cx); // asked before the value is taken: it cannot be put back
        let mut held_up = false;
        let this = self.project();
        let polled = this.waiting.as_ref().poll(cx, |stage| match stage {
            Stage::Empty => None,
            _ if !open => {
                held_up = true;
                None
            }
            Stage::Full(_) => match std::mem::replace(stage, Stage::Taken) {
                Stage::Full(value) => Some(Ok(value)),
                _ => unreachable!("just seen"),
            },
            Stage::Taken | Stage::Cancelled => Some(Err(NoValue)),
        });
        if held_up {
            gate::ask(cx);
        }
        if polled.is_pending() {
            return pending(*this.site);
        }
        polled
    }
}

#[cold]
#[inline(never)]
fn pending<R>(site: Site) -> Poll<R> {
    gate::leaves(site.mark());
    Poll::Pending
}

/// In a select: the value, unless another has taken it in the very moment in which this was chosen.
impl<T> Clause for WaitForValue<T> {
    type Output = Result<T, NoValue>;
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        let is_settled = |stage: &mut Stage<T>| (!matches!(stage, Stage::Empty)).then_some(());
        self.project().waiting.as_ref().poll_commit(turn, is_settled)
    }
    fn take(self: Pin<&mut Self>) -> Self::Output {
        let take = |stage: &mut Stage<T>| match stage {
            Stage::Full(_) => std::mem::replace(stage, Stage::Taken),
            _ => Stage::Taken,
        };
        match self.waiting.cell().with(take).0 {
            Stage::Full(value) => Ok(value),
            _ => Err(NoValue),
        }
    }
}

impl<T> fmt::Debug for WaitForValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitForValue")
    }
}
