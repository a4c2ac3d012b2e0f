//! [`Limit`]: at most so many children of a scope at once.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::sync::Arc;
use std::task::Poll;

use super::handle::{Collector, Scope, Supervisor};
use super::launcher::{Host, Launcher};
use crate::error::JoinError;
use crate::job::Job;
use crate::suspend::gate;
use crate::task::Deferred;
use crate::wait::{Permit, Permits};

/// A scope of at most *n* children at once: launching waits for a place, first come, first served. A
/// place is free again when the child, and all below it, has completed.
///
/// ```
/// # use coscope_core::{scope, Scope};
/// # async fn fetch(_: u32) {}
/// # async fn example() {
/// scope(async |s: Scope| {
///     let ten = s.limit(10);
///     for page in 0..1000 {
///         ten.launch(fetch(page)).await; // the loop is held up by the slowest ten
///     }
/// })
/// .await;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Limit<S> {
    scope: S,
    permits: Arc<Permits>,
}

impl<S: Host> Limit<S> {
    #[track_caller]
    pub(super) fn new(scope: S, n: usize) -> Self {
        assert!(n > 0, "limit(0): a scope that launches nothing; the least is 1");
        Limit { scope, permits: Permits::new(n) }
    }

    /// Waits for a place, launches, and binds the place to the job.
    async fn place<R>(
        &self,
        site: &'static Location<'static>,
        launch: impl FnOnce(Launcher<'_, S>) -> R,
        job: impl FnOnce(&R) -> Job,
    ) -> R {
        let permit: Permit = self.permits.acquire().await;
        poll_fn(|cx| gate::pass(cx, Poll::Ready(()))).await;
        let launched = launch(Launcher::new(&self.scope).at(site));
        job(&launched).on_completion(move || drop(permit));
        launched
    }
}

impl<E: Send + 'static> Limit<Scope<E>> {
    /// Waits for a place, then launches as [`Scope::launch`].
    ///
    /// # Cancellation
    /// Safe: cut while it waits, it drops the future unrun.
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(
        &self,
        future: F,
    ) -> impl Future<Output = Job> + Send {
        self.place(Location::caller(), |launcher| launcher.launch(future), Job::clone)
    }

    /// Waits for a place, then launches as [`Scope::spawn`].
    ///
    /// # Cancellation
    /// As [`launch`](Self::launch).
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> impl Future<Output = Deferred<T>> + Send
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.place(Location::caller(), |launcher| launcher.spawn(future), Deferred::job)
    }

    /// Waits for a place, then launches as [`Scope::try_launch`].
    ///
    /// # Cancellation
    /// As [`launch`](Self::launch).
    #[track_caller]
    pub fn try_launch<F, E1>(&self, future: F) -> impl Future<Output = Job> + Send
    where
        F: Future<Output = Result<(), E1>> + Send + 'static,
        E1: Into<E> + 'static,
    {
        self.place(Location::caller(), |launcher| launcher.try_launch(future), Job::clone)
    }

    /// Waits for a place, then launches as [`Scope::try_spawn`].
    ///
    /// # Cancellation
    /// As [`launch`](Self::launch).
    #[track_caller]
    pub fn try_spawn<F, T, E1>(&self, future: F) -> impl Future<Output = Deferred<T>> + Send
    where
        F: Future<Output = Result<T, E1>> + Send + 'static,
        E1: Into<E> + 'static,
        T: Send + 'static,
    {
        self.place(Location::caller(), |launcher| launcher.try_spawn(future), Deferred::job)
    }
}

impl Limit<Supervisor> {
    /// Waits for a place, then launches as [`Supervisor::launch`].
    ///
    /// # Cancellation
    /// Safe: cut while it waits, it drops the future unrun.
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(
        &self,
        future: F,
    ) -> impl Future<Output = Job> + Send {
        self.place(Location::caller(), |launcher| launcher.launch(future), Job::clone)
    }

    /// Waits for a place, then launches as [`Supervisor::spawn`].
    ///
    /// # Cancellation
    /// As [`launch`](Self::launch).
    #[track_caller]
    pub fn spawn<F, T>(
        &self,
        future: F,
    ) -> impl Future<Output = Deferred<Result<T, JoinError<Infallible>>>> + Send
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.place(Location::caller(), |launcher| launcher.spawn(future), Deferred::job)
    }

    /// Waits for a place, then launches as [`Supervisor::try_launch`].
    ///
    /// # Cancellation
    /// As [`launch`](Self::launch).
    #[track_caller]
    pub fn try_launch<F, E>(&self, future: F) -> impl Future<Output = Job> + Send
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Debug + Send + 'static,
    {
        self.place(Location::caller(), |launcher| launcher.try_launch(future), Job::clone)
    }

    /// Waits for a place, then launches as [`Supervisor::try_spawn`].
    ///
    /// # Cancellation
    /// As [`launch`](Self::launch).
    #[track_caller]
    pub fn try_spawn<F, T, E>(
        &self,
        future: F,
    ) -> impl Future<Output = Deferred<Result<T, JoinError<E>>>> + Send
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Debug + Send + 'static,
        T: Send + 'static,
    {
        self.place(Location::caller(), |launcher| launcher.try_spawn(future), Deferred::job)
    }
}

impl<E: Send + 'static> Limit<Collector<E>> {
    /// Waits for a place, then launches as [`Collector::launch`].
    ///
    /// # Cancellation
    /// Safe: cut while it waits, it drops the future unrun.
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(
        &self,
        future: F,
    ) -> impl Future<Output = Job> + Send {
        self.place(Location::caller(), |launcher| launcher.launch(future), Job::clone)
    }

    /// Waits for a place, then launches as [`Collector::try_launch`].
    ///
    /// # Cancellation
    /// As [`launch`](Self::launch).
    #[track_caller]
    pub fn try_launch<F, E1>(&self, future: F) -> impl Future<Output = Job> + Send
    where
        F: Future<Output = Result<(), E1>> + Send + 'static,
        E1: Into<E> + 'static,
    {
        self.place(Location::caller(), |launcher| launcher.try_launch(future), Job::clone)
    }

    /// Waits for a place, then launches as [`Collector::try_spawn`].
    ///
    /// # Cancellation
    /// As [`launch`](Self::launch).
    #[track_caller]
    pub fn try_spawn<F, T, E1>(&self, future: F) -> impl Future<Output = Deferred<Option<T>>> + Send
    where
        F: Future<Output = Result<T, E1>> + Send + 'static,
        E1: Into<E> + 'static,
        T: Send + 'static,
    {
        self.place(Location::caller(), |launcher| launcher.try_spawn(future), Deferred::job)
    }
}
