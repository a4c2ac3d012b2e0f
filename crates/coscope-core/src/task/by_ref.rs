//! [`ByRef`]: a `Deferred` awaited where it may lose, and be awaited again.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::deferred::Deferred;
use crate::job::Joining;
use crate::suspend::gate::{self, Mark, WaitKind};
use crate::suspend::tell;
use crate::wait::{Clause, Turn};

impl<T> Deferred<T> {
    /// Awaits without giving the `Deferred` away: for a select in a loop, or a `with_timeout`, that something else may end.
    /// Nothing stands still meanwhile, since the coroutine is driven elsewhere.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # use std::time::Duration;
    /// run_blocking(async |s: Scope| {
    ///     let mut answer = s.spawn(async { 42 });
    ///     let first = with_timeout(Duration::from_secs(20), answer.by_ref()).await;
    ///     assert_eq!(first, Ok(42)); // and had it been late, we could ask again
    /// });
    /// ```
    ///
    /// # Cancellation
    /// Safe: an await that is cut, or loses, takes nothing.
    ///
    /// # Panics
    /// As the plain await, and after the result has been taken.
    pub fn by_ref(&mut self) -> ByRef<'_, T> {
        ByRef { joining: Joining::new(self.node().clone()), deferred: self }
    }
}

pin_project! {
    /// The future, and the clause, of [`Deferred::by_ref`].
    #[must_use = "a result is there only when it is awaited"]
    pub struct ByRef<'a, T> {
        #[pin]
        joining: Joining,
        deferred: &'a mut Deferred<T>,
    }
}

impl<T> Future for ByRef<'_, T> {
    type Output = T;
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = self.project();
        this.deferred.start_once();
        let ended = tell::join(this.joining.as_ref(), cx, Location::caller());
        let passed = gate::pass_marked(cx, ended, Mark::new(WaitKind::Await, Location::caller()));
        ready!(tell::joined(&this.joining, passed));
        this.deferred.poll_taken()
    }
}

impl<T> Clause for ByRef<'_, T> {
    type Output = T;
    #[track_caller]
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        let this = self.project();
        this.deferred.start_once();
        ready!(tell::join_in_select(this.joining.as_ref(), turn, Location::caller()));
        this.deferred.poll_takeable()
    }
    fn take(self: Pin<&mut Self>) -> T {
        let this = self.project();
        let _ended = tell::joined(&this.joining, Poll::Ready(()));
        this.deferred.take_or_panic()
    }
}

impl<T> fmt::Debug for ByRef<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ByRef").field(&self.deferred).finish()
    }
}
