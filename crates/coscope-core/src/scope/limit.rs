//! [`Limit`]: at most so many children of a scope at once.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::handle::{Collector, Scope, Supervisor};
use super::launcher::{Host, Launcher};
use crate::error::JoinError;
use crate::job::Job;
use crate::suspend::gate::{self, Mark, WaitKind};
use crate::task::Deferred;
use crate::wait::{Permit, Permits};

/// A scope of at most *n* children at once: launching waits for a place, first come, first served. A
/// place is free again when the child, and all below it, has completed.
///
/// ```
/// # use coscope::prelude::*;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
///
/// let at_once = Arc::new(AtomicUsize::new(0));
/// run_blocking(async |s: Scope| {
///     let three = s.limit(3);
///     for _ in 0..20 {
///         let at_once = at_once.clone();
///         let fetch = async move {
///             assert!(at_once.fetch_add(1, SeqCst) < 3);
///             yield_now().await;
///             at_once.fetch_sub(1, SeqCst);
///         };
///         three.launch(fetch).await; // the loop is held up by the slowest of three
///     }
/// });
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
        let mut acquired = pin!(self.permits.acquire());
        let permit: Permit = poll_fn(|cx| {
            let polled = acquired.as_mut().poll(cx);
            if polled.is_pending() {
                gate::waits(WaitKind::Limit, site);
            }
            polled
        })
        .await;
        poll_fn(|cx| gate::pass_marked(cx, Poll::Ready(()), Mark::new(WaitKind::Limit, site))).await;
        let launched = launch(Launcher::new(&self.scope).at(site));
        job(&launched).on_completion(move || drop(permit));
        launched
    }
}

impl<E: Send + 'static> Limit<Scope<E>> {
    /// Waits for a place, then launches as [`Scope::launch`].
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let one = s.limit(1);
    ///     let first = one.launch(async { println!("first") }).await;
    ///     one.launch(async { println!("second") }).await;
    ///     assert!(first.is_completed()); // or there would have been no place for the second
    /// });
    /// ```
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
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let answer = s.limit(4).spawn(async { 42 }).await; // this waits for a place,
    ///     assert_eq!(answer.await, 42);                      // and this for the result
    /// });
    /// ```
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
    /// ```
    /// # use coscope::prelude::*;
    /// let ended = try_run_blocking(async |s: Scope<String>| {
    ///     s.limit(4).try_launch(async { Err("disk full") }).await;
    ///     Ok(())
    /// });
    /// assert_eq!(ended, Err("disk full".to_owned()));
    /// ```
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
    /// ```
    /// # use coscope::prelude::*;
    /// let number = try_run_blocking(async |s: Scope<std::num::ParseIntError>| {
    ///     Ok(s.limit(4).try_spawn(async { "42".parse::<i32>() }).await.await)
    /// });
    /// assert_eq!(number, Ok(42));
    /// ```
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
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| s.limit(1).launch(async {}).await.join().await).await;
    /// });
    /// ```
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
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         assert_eq!(s.limit(1).spawn(async { 42 }).await.await.unwrap(), 42);
    ///     })
    ///     .await;
    /// });
    /// ```
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
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         s.limit(1).try_launch(async { Ok::<_, String>(()) }).await.join().await;
    ///     })
    ///     .await;
    /// });
    /// ```
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
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |_| {
    ///     supervisor_scope(async |s: Supervisor| {
    ///         let port = s.limit(1).try_spawn(async { "eighty".parse::<u16>() }).await;
    ///         assert!(port.await.unwrap_err().is_failed());
    ///     })
    ///     .await;
    /// });
    /// ```
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
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// let ended = run_blocking(async |_| {
    ///     collect_scope(async |s: Collector<String>| s.limit(1).launch(async {}).await.join().await).await
    /// });
    /// assert!(ended.is_ok());
    /// ```
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
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// let ended = run_blocking(async |_| {
    ///     collect_scope(async |s: Collector<String>| {
    ///         let two = s.limit(2);
    ///         for disk in ["a", "b", "c"] {
    ///             two.try_launch(async move { Err(disk) }).await;
    ///         }
    ///     })
    ///     .await
    /// });
    /// assert_eq!(ended.unwrap_err().len(), 3);
    /// ```
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
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// let found = run_blocking(async |_| {
    ///     collect_scope(async |s: Collector<String>| s.limit(1).try_spawn(async { Ok::<_, String>(42) }).await.await).await
    /// });
    /// assert_eq!(found.unwrap(), Some(42));
    /// ```
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
