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
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let answer = s.spawn(async { 6 * 7 });
///     s.on(Dispatchers::io()).named("log").launch(async { println!("somebody asks") });
///     assert_eq!(answer.await, 42);
/// }); // comes back when both have ended
/// ```
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
    ///
    /// Launched on a scope that has ended or is being cancelled, it never runs; its job is cancelled at once.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(async { println!("at work") });
    ///     job.join().await;
    ///     assert!(job.is_completed());
    /// });
    /// ```
    ///
    /// # Panics
    /// Not here: a panic of the child cancels the scope and is resumed at the scope's end.
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(&self, future: F) -> Job {
        self.place.run::<F, Plain>(future)
    }

    /// Launches a child for its result.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let one = s.spawn(async { 13 });
    ///     let two = s.spawn(async { 29 });
    ///     assert_eq!(one.await + two.await, 42);
    /// });
    /// ```
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> Deferred<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.place.defer::<F, Plain>(future)
    }

    /// Launches a child that may fail; its error, as an `E`, fails the scope.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let ended = try_run_blocking(async |s: Scope<String>| {
    ///     s.try_launch(async { Err("disk full") });
    ///     s.launch(std::future::pending()); // cut by the failure of the other
    ///     Ok(())
    /// });
    /// assert_eq!(ended, Err("disk full".to_owned()));
    /// ```
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
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// use std::num::ParseIntError;
    ///
    /// let sum = |one: &'static str| {
    ///     try_run_blocking(async move |s: Scope<ParseIntError>| {
    ///         let one = s.try_spawn(async move { one.parse::<i32>() });
    ///         Ok(one.await + 29)
    ///     })
    /// };
    /// assert_eq!(sum("13"), Ok(42));
    /// assert!(sum("thirteen").is_err());
    /// ```
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
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.named("log").launch(async { println!("at work") });
    ///     job.join().await;
    /// });
    /// ```
    #[inline(always)]
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(self, future: F) -> Job {
        self.run::<F, Plain>(future)
    }

    /// Launches a child for its result; see [`Scope::spawn`].
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     assert_eq!(s.on(Dispatchers::io()).spawn(async { 42 }).await, 42);
    /// });
    /// ```
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
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let ended = try_run_blocking(async |s: Scope<String>| {
    ///     s.named("disk").try_launch(async { Err("full") });
    ///     Ok(())
    /// });
    /// assert_eq!(ended, Err("full".to_owned()));
    /// ```
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
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let number = try_run_blocking(async |s: Scope<std::num::ParseIntError>| {
    ///     Ok(s.named("parser").try_spawn(async { "42".parse::<i32>() }).await)
    /// });
    /// assert_eq!(number, Ok(42));
    /// ```
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
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |_| {
///     supervisor_scope(async |s: Supervisor| {
///         let broken = s.try_spawn(async { Err::<i32, _>("disk full") });
///         let sound = s.spawn(async { 42 });
///         assert_eq!(broken.await.unwrap_err().into_error(), Some("disk full"));
///         assert_eq!(sound.await.unwrap(), 42);
///     })
///     .await;
/// });
/// ```
pub struct Supervisor {
    pub(crate) place: Place,
}

host!([] Supervisor);

impl Supervisor {
    pub(crate) fn new(place: Place) -> Self {
        Supervisor { place }
    }

    /// Launches a child for its effects; a panic goes to the failure handler.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         let job = s.launch(async { println!("at work") });
    ///         job.join().await;
    ///         assert!(job.is_completed() && !job.is_cancelled());
    ///     })
    ///     .await;
    /// });
    /// ```
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(&self, future: F) -> Job {
        self.place.run::<F, Supervised>(future)
    }

    /// Launches a child for its result, or for how it ended.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         let broken = s.spawn(async { if true { panic!("no such page") } });
    ///         assert!(broken.await.unwrap_err().is_panicked());
    ///     })
    ///     .await;
    /// });
    /// ```
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> Deferred<Result<T, JoinError<Infallible>>>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.place.defer::<F, Supervised>(future)
    }

    /// Launches a child that may fail; its failure goes to the failure handler.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let (heard, log) = std::sync::mpsc::channel();
    /// let handler = FailureHandler::new(move |failure| heard.send(failure.message().to_owned()).unwrap());
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         s.on(handler).try_launch(async { Err::<(), _>("disk full") });
    ///     })
    ///     .await;
    /// });
    /// assert_eq!(log.recv().unwrap(), "\"disk full\"");
    /// ```
    #[track_caller]
    pub fn try_launch<F, E>(&self, future: F) -> Job
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Debug + Send + 'static,
    {
        self.place.run::<F, SupervisedFallible<E>>(future)
    }

    /// Launches a child for its result, or for how it failed.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         let port = s.try_spawn(async { "eighty".parse::<u16>() });
    ///         assert_eq!(port.await.unwrap_or(8080), 8080);
    ///     })
    ///     .await;
    /// });
    /// ```
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
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         s.named("log").launch(async { println!("at work") }).join().await;
    ///     })
    ///     .await;
    /// });
    /// ```
    #[inline(always)]
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(self, future: F) -> Job {
        self.run::<F, Supervised>(future)
    }

    /// Launches a child for its result; see [`Supervisor::spawn`].
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         assert_eq!(s.on(Dispatchers::io()).spawn(async { 42 }).await.unwrap(), 42);
    ///     })
    ///     .await;
    /// });
    /// ```
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
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         s.named("log").try_launch(async { Ok::<_, String>(()) }).join().await;
    ///     })
    ///     .await;
    /// });
    /// ```
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
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         let disk = s.named("disk").try_spawn(async { Err::<(), _>("full") });
    ///         assert_eq!(disk.await.unwrap_err().coroutine().name(), "disk");
    ///     })
    ///     .await;
    /// });
    /// ```
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
///
/// ```
/// # use coscope::{Collector, collect_scope, prelude::*};
/// let errors = run_blocking(async |_| {
///     collect_scope(async |s: Collector<String>| {
///         s.try_launch(async { Err("disk") });
///         s.try_launch(async { Ok::<_, String>(()) });
///         s.try_launch(async { Err("network") });
///     })
///     .await
/// });
/// assert_eq!(errors.unwrap_err().len(), 2);
/// ```
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
    ///
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// let ended = run_blocking(async |_| {
    ///     collect_scope(async |s: Collector<String>| s.launch(async { println!("at work") }).join().await).await
    /// });
    /// assert!(ended.is_ok());
    /// ```
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(&self, future: F) -> Job {
        self.place.run::<F, Plain>(future)
    }

    /// Launches a child that may fail; its error is gathered.
    ///
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// let errors = run_blocking(async |_| {
    ///     collect_scope(async |s: Collector<String>| {
    ///         s.named("disk").try_launch(async { Err("full") });
    ///     })
    ///     .await
    /// })
    /// .unwrap_err();
    /// assert_eq!(errors.iter().next().unwrap().coroutine().name(), "disk");
    /// ```
    #[track_caller]
    pub fn try_launch<F, E1>(&self, future: F) -> Job
    where
        F: Future<Output = Result<(), E1>> + Send + 'static,
        E1: Into<E> + 'static,
    {
        self.place.run::<F, Gathered<E>>(future)
    }

    /// Launches a child for its result: `None` if it failed (its error is gathered) or was cancelled.
    ///
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// let found = run_blocking(async |_| {
    ///     collect_scope(async |s: Collector<String>| s.try_spawn(async { Ok::<_, String>(42) }).await).await
    /// });
    /// assert_eq!(found.unwrap(), Some(42));
    /// ```
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
    ///
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// let gathered = run_blocking(async |_| {
    ///     collect_scope(async |s: Collector<String>| s.named("log").launch(async {}).join().await).await
    /// });
    /// assert!(gathered.is_ok());
    /// ```
    #[inline(always)]
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + Send + 'static>(self, future: F) -> Job {
        self.run::<F, Plain>(future)
    }

    /// Launches a child that may fail; see [`Collector::try_launch`].
    ///
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// let gathered = run_blocking(async |_| {
    ///     collect_scope(async |s: Collector<String>| s.named("disk").try_launch(async { Err("full") }).join().await).await
    /// });
    /// assert_eq!(gathered.unwrap_err().len(), 1);
    /// ```
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
    ///
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// let gathered = run_blocking(async |_| {
    ///     collect_scope(async |s: Collector<String>| s.named("number").try_spawn(async { Ok::<_, String>(42) }).await).await
    /// });
    /// assert_eq!(gathered.unwrap(), Some(42));
    /// ```
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
