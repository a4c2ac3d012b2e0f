//! [`Scope`] and [`Supervisor`]: the capability to launch children.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::marker::PhantomData;

use super::launcher::{Launcher, Place};
use crate::error::JoinError;
use crate::job::Job;
use crate::task::Deferred;
use crate::task::policy::{Fallible, Gathered, Plain, Supervised, SupervisedFallible};

/// The capability to launch children below one job. The first child to fail fails the scope.
///
/// `E` is the error that the scope fails with; in an infallible scope ([`scope`](crate::scope)) there
/// is none, and a `Result` cannot be thrown away by accident. A cheap handle that can be cloned, sent
/// and kept: once its scope has ended, what is launched on it is born cancelled and dropped.
pub struct Scope<E = Infallible> {
    pub(crate) place: Place,
    error: PhantomData<fn(E)>,
}

host!([E] Scope<E>);

impl<E> Scope<E> {
    pub(crate) fn new(place: Place) -> Self {
        Scope { place, error: PhantomData }
    }
}

impl<E: Send + 'static> Scope<E> {
    /// Launches a child for its effects. The scope waits for it.
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(&self, future: F) -> Job {
        self.place.run::<F, Plain>(future)
    }

    /// Launches a child for its result.
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> Deferred<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.place.defer::<F, Plain>(future)
    }

    /// Launches a child that may fail; its error, as an `E`, fails the scope.
    #[track_caller]
    pub fn try_launch<F, E1>(&self, future: F) -> Job
    where
        F: Future<Output = Result<(), E1>> + Send + 'static,
        E1: Into<E> + 'static,
    {
        self.place.run::<F, Fallible<E>>(future)
    }

    /// Launches a child for a result that it may fail to give; its error, as an `E`, fails the scope,
    /// so that awaiting gives the value alone.
    #[track_caller]
    pub fn try_spawn<F, T, E1>(&self, future: F) -> Deferred<T>
    where
        F: Future<Output = Result<T, E1>> + Send + 'static,
        E1: Into<E> + 'static,
        T: Send + 'static,
    {
        self.place.defer::<F, Fallible<E>>(future)
    }
}

impl<E: Send + 'static> Launcher<'_, Scope<E>> {
    /// Launches a child for its effects; see [`Scope::launch`].
    #[inline(always)]
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(self, future: F) -> Job {
        self.run::<F, Plain>(future)
    }

    /// Launches a child for its result; see [`Scope::spawn`].
    #[inline(always)]
    #[track_caller]
    pub fn spawn<F, T>(self, future: F) -> Deferred<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.defer::<F, Plain>(future)
    }

    /// Launches a child that may fail; see [`Scope::try_launch`].
    #[inline(always)]
    #[track_caller]
    pub fn try_launch<F, E1>(self, future: F) -> Job
    where
        F: Future<Output = Result<(), E1>> + Send + 'static,
        E1: Into<E> + 'static,
    {
        self.run::<F, Fallible<E>>(future)
    }

    /// Launches a child for a result that it may fail to give; see [`Scope::try_spawn`].
    #[inline(always)]
    #[track_caller]
    pub fn try_spawn<F, T, E1>(self, future: F) -> Deferred<T>
    where
        F: Future<Output = Result<T, E1>> + Send + 'static,
        E1: Into<E> + 'static,
        T: Send + 'static,
    {
        self.defer::<F, Fallible<E>>(future)
    }
}

/// The capability to launch children that fail alone.
///
/// What awaits them gets a `Result`; a failure that nobody awaits goes to the
/// [`FailureHandler`](crate::FailureHandler).
pub struct Supervisor {
    pub(crate) place: Place,
}

host!([] Supervisor);

impl Supervisor {
    pub(crate) fn new(place: Place) -> Self {
        Supervisor { place }
    }

    /// Launches a child for its effects; a panic goes to the failure handler.
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(&self, future: F) -> Job {
        self.place.run::<F, Supervised>(future)
    }

    /// Launches a child for its result, or for how it ended.
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> Deferred<Result<T, JoinError<Infallible>>>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.place.defer::<F, Supervised>(future)
    }

    /// Launches a child that may fail; its failure goes to the failure handler.
    #[track_caller]
    pub fn try_launch<F, E>(&self, future: F) -> Job
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Debug + Send + 'static,
    {
        self.place.run::<F, SupervisedFallible<E>>(future)
    }

    /// Launches a child for its result, or for how it failed.
    #[track_caller]
    pub fn try_spawn<F, T, E>(&self, future: F) -> Deferred<Result<T, JoinError<E>>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Debug + Send + 'static,
        T: Send + 'static,
    {
        self.place.defer::<F, SupervisedFallible<E>>(future)
    }
}

impl Launcher<'_, Supervisor> {
    /// Launches a child for its effects; see [`Supervisor::launch`].
    #[inline(always)]
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(self, future: F) -> Job {
        self.run::<F, Supervised>(future)
    }

    /// Launches a child for its result; see [`Supervisor::spawn`].
    #[inline(always)]
    #[track_caller]
    pub fn spawn<F, T>(self, future: F) -> Deferred<Result<T, JoinError<Infallible>>>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.defer::<F, Supervised>(future)
    }

    /// Launches a child that may fail; see [`Supervisor::try_launch`].
    #[inline(always)]
    #[track_caller]
    pub fn try_launch<F, E>(self, future: F) -> Job
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Debug + Send + 'static,
    {
        self.run::<F, SupervisedFallible<E>>(future)
    }

    /// Launches a child for its result, or for how it failed; see [`Supervisor::try_spawn`].
    #[inline(always)]
    #[track_caller]
    pub fn try_spawn<F, T, E>(self, future: F) -> Deferred<Result<T, JoinError<E>>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Debug + Send + 'static,
        T: Send + 'static,
    {
        self.defer::<F, SupervisedFallible<E>>(future)
    }
}

/// The capability to launch children whose failures are gathered; see
/// [`collect_scope`](crate::collect_scope).
pub struct Collector<E> {
    pub(crate) place: Place,
    error: PhantomData<fn(E)>,
}

host!([E] Collector<E>);

impl<E> Collector<E> {
    pub(crate) fn new(place: Place) -> Self {
        Collector { place, error: PhantomData }
    }
}

impl<E: Send + 'static> Collector<E> {
    /// Launches a child for its effects.
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(&self, future: F) -> Job {
        self.place.run::<F, Plain>(future)
    }

    /// Launches a child that may fail; its error is gathered.
    #[track_caller]
    pub fn try_launch<F, E1>(&self, future: F) -> Job
    where
        F: Future<Output = Result<(), E1>> + Send + 'static,
        E1: Into<E> + 'static,
    {
        self.place.run::<F, Gathered<E>>(future)
    }

    /// Launches a child for its result: `None` if it failed (its error is gathered) or was cancelled.
    #[track_caller]
    pub fn try_spawn<F, T, E1>(&self, future: F) -> Deferred<Option<T>>
    where
        F: Future<Output = Result<T, E1>> + Send + 'static,
        E1: Into<E> + 'static,
        T: Send + 'static,
    {
        self.place.defer::<F, Gathered<E>>(future)
    }
}

impl<E: Send + 'static> Launcher<'_, Collector<E>> {
    /// Launches a child for its effects; see [`Collector::launch`].
    #[inline(always)]
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(self, future: F) -> Job {
        self.run::<F, Plain>(future)
    }

    /// Launches a child that may fail; see [`Collector::try_launch`].
    #[inline(always)]
    #[track_caller]
    pub fn try_launch<F, E1>(self, future: F) -> Job
    where
        F: Future<Output = Result<(), E1>> + Send + 'static,
        E1: Into<E> + 'static,
    {
        self.run::<F, Gathered<E>>(future)
    }

    /// Launches a child for its result; see [`Collector::try_spawn`].
    #[inline(always)]
    #[track_caller]
    pub fn try_spawn<F, T, E1>(self, future: F) -> Deferred<Option<T>>
    where
        F: Future<Output = Result<T, E1>> + Send + 'static,
        E1: Into<E> + 'static,
        T: Send + 'static,
    {
        self.defer::<F, Gathered<E>>(future)
    }
}
