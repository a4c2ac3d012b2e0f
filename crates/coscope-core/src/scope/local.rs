//! [`LocalScope`]: children that borrow from a blocked caller, bound to its thread or in parallel.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;

use super::handle::Scope;
use crate::context::CoroutineContext;
use crate::error::CancelReason;
use crate::job::Job;
use crate::task::policy::{Fallible, Plain, Policy};
use crate::task::state::Birth;
use crate::task::{Deferred, Launch, Waited};

/// The capability to launch children that borrow from the caller of `run_local`, who is blocked until
/// all have ended.
///
/// What is launched directly is **pinned** to the caller's thread and may be `!Send`. What is launched
/// [`on`](Self::on) a dispatcher is `Send` and runs there, in parallel, as in [`std::thread::scope`].
/// [`scope`](Self::scope) is a plain [`Scope`] to hand on.
///
/// ```
/// # use coscope::prelude::*;
/// use std::cell::Cell;
///
/// let count = Cell::new(0);                          // neither `Sync` nor behind an `Arc`
/// run_local(async |s: LocalScope| {
///     for _ in 0..3 {
///         s.launch(async { count.set(count.get() + 1) });
///     }
/// });
/// assert_eq!(count.get(), 3);
/// ```
pub struct LocalScope<'env, E = Infallible> {
    scope: Scope<E>,
    waited: Waited,
    borrows: PhantomData<&'env mut &'env ()>,
    not_send: PhantomData<*mut ()>,
}

impl<E> Clone for LocalScope<'_, E> {
    fn clone(&self) -> Self {
        LocalScope { scope: self.scope.clone(), ..*self }
    }
}

impl<E> fmt::Debug for LocalScope<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalScope").field(&self.scope).finish()
    }
}

impl<'env, E: Send + 'static> LocalScope<'env, E> {
    /// `waited` is the promise that the caller waits for the scope; the scope's own context is that
    /// of the caller's event loop.
    pub(super) fn new(scope: Scope<E>, waited: Waited) -> Self {
        LocalScope { scope, waited, borrows: PhantomData, not_send: PhantomData }
    }

    /// The same scope as a plain handle: for children that are `Send` and own what they need.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_local(async |s: LocalScope| {
    ///     let plain: Scope = s.scope();
    ///     assert_eq!(plain.spawn(async { 42 }).await, 42);
    /// });
    /// ```
    pub fn scope(&self) -> Scope<E> {
        self.scope.clone()
    }

    /// Cancels everything launched here; the scope itself goes on.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_local(async |s: LocalScope| {
    ///     let idle = s.launch(std::future::pending());
    ///     s.cancel_children("time for something else");
    ///     idle.join().await;
    /// });
    /// ```
    pub fn cancel_children(&self, reason: impl Into<CancelReason>) {
        self.scope.cancel_children(reason);
    }

    /// The coroutines launched here that have not completed, oldest first.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_local(async |s: LocalScope| {
    ///     let job = s.launch(async {});
    ///     assert_eq!(s.children(), [job]);
    /// });
    /// ```
    pub fn children(&self) -> Vec<Job> {
        self.scope.children()
    }

    /// Launches a child for its effects, pinned to this thread.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// use std::{cell::RefCell, rc::Rc};
    ///
    /// let words = Rc::new(RefCell::new(Vec::new()));
    /// run_local(async |s: LocalScope| {
    ///     s.launch(async { words.borrow_mut().push("first") });
    /// });
    /// assert_eq!(*words.borrow(), ["first"]);
    /// ```
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + 'env>(&self, future: F) -> Job {
        self.named_launch().launch(future)
    }

    /// Launches a child for its result, pinned to this thread.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let words = vec!["a", "bc", "def"];
    /// let length = run_local(async |s: LocalScope| s.spawn(async { words[2].len() }).await);
    /// assert_eq!(length, 3);
    /// ```
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> Deferred<T>
    where
        F: Future<Output = T> + 'env,
        T: 'env,
    {
        self.named_launch().spawn(future)
    }

    /// Launches a child that may fail, pinned to this thread; its error, as an `E`, fails the scope.
    ///
    /// ```
    /// # use coscope::{prelude::*, try_run_local};
    /// let text = "full".to_owned();
    /// let ended: Result<(), String> = try_run_local(async |s: LocalScope<'_, String>| {
    ///     s.try_launch(async { Err(&*text) });
    ///     Ok(())
    /// });
    /// assert_eq!(ended, Err("full".to_owned()));
    /// ```
    #[track_caller]
    pub fn try_launch<F, E1>(&self, future: F) -> Job
    where
        F: Future<Output = Result<(), E1>> + 'env,
        E1: Into<E> + 'env,
    {
        self.named_launch().try_launch(future)
    }

    /// Launches a child for a result that it may fail to give, pinned to this thread.
    ///
    /// ```
    /// # use coscope::{prelude::*, try_run_local};
    /// # use std::num::ParseIntError;
    /// let text = "42".to_owned();
    /// let number = try_run_local(async |s: LocalScope<'_, ParseIntError>| {
    ///     Ok(s.try_spawn(async { text.parse::<i32>() }).await)
    /// });
    /// assert_eq!(number, Ok(42));
    /// ```
    #[track_caller]
    pub fn try_spawn<F, T, E1>(&self, future: F) -> Deferred<T>
    where
        F: Future<Output = Result<T, E1>> + 'env,
        E1: Into<E> + 'env,
        T: 'env,
    {
        self.named_launch().try_spawn(future)
    }

    /// A pinned launch under this name. A literal allocates nothing.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_local(async |s: LocalScope| assert_eq!(s.named("reader").launch(async {}).name(), "reader"));
    /// ```
    pub fn named(&self, name: impl Into<Cow<'static, str>>) -> LocalLauncher<'_, 'env, E, Pinned> {
        LocalLauncher { name: Some(name.into()), ..self.named_launch() }
    }

    /// A launch on another dispatcher, in parallel: what is launched is `Send` and may borrow.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let words = vec!["a", "bc", "def"];
    /// let total: usize = run_local(async |s: LocalScope| {
    ///     let first = s.on(Dispatchers::default()).spawn(async { words[0].len() });
    ///     let rest = s.on(Dispatchers::default()).spawn(async { words[1].len() + words[2].len() });
    ///     first.await + rest.await
    /// });
    /// assert_eq!(total, 6);
    /// ```
    pub fn on(&self, context: impl Into<CoroutineContext>) -> LocalLauncher<'_, 'env, E, Parallel> {
        LocalLauncher { scope: self, context: context.into(), name: None, binding: PhantomData }
    }

    fn named_launch(&self) -> LocalLauncher<'_, 'env, E, Pinned> {
        LocalLauncher { scope: self, context: CoroutineContext::new(), name: None, binding: PhantomData }
    }
}

/// A launch bound to the caller's thread.
#[derive(Debug)]
pub struct Pinned;
/// A launch on another dispatcher.
#[derive(Debug)]
pub struct Parallel;

/// A launch under way in a [`LocalScope`].
///
/// ```
/// # use coscope::prelude::*;
/// let numbers = [13, 29];
/// let sum = run_local(async |s: LocalScope| {
///     let here = s.named("here").spawn(async { numbers[0] });
///     let there = s.on(Dispatchers::default()).named("there").spawn(async { numbers[1] });
///     here.await + there.await
/// });
/// assert_eq!(sum, 42);
/// ```
#[must_use = "nothing is launched before `launch` or `spawn`"]
pub struct LocalLauncher<'a, 'env, E, B> {
    scope: &'a LocalScope<'env, E>,
    context: CoroutineContext,
    name: Option<Cow<'static, str>>,
    binding: PhantomData<B>,
}

impl<E, B> fmt::Debug for LocalLauncher<'_, '_, E, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalLauncher").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'env, E: Send + 'static, B> LocalLauncher<'_, 'env, E, B> {
    /// Under this name. A literal allocates nothing.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_local(async |s: LocalScope| {
    ///     let job = s.on(Dispatchers::default()).named("reader").launch(async {});
    ///     assert_eq!(job.name(), "reader");
    /// });
    /// ```
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    #[track_caller]
    fn with(&mut self, interest: bool, pinned: bool) -> Launch {
        let context = self.scope.scope.place.context.for_child(std::mem::take(&mut self.context));
        Launch {
            name: context.own_name(self.name.take()),
            context,
            site: Location::caller(),
            start: Birth::Scheduled,
            interest,
            shield: false,
            pinned,
        }
    }

    #[track_caller]
    fn run<F: Future + 'env, P: Policy<F::Output>>(mut self, future: F, pinned: bool) -> Job {
        let with = self.with(false, pinned);
        self.scope.waited.launch::<F, P>(self.scope.scope.place.node(), with, future)
    }

    #[track_caller]
    fn defer<F: Future + 'env, P: Policy<F::Output>>(
        mut self,
        future: F,
        pinned: bool,
    ) -> Deferred<P::Stored> {
        let with = self.with(true, pinned);
        self.scope.waited.spawn::<F, P>(self.scope.scope.place.node(), with, future)
    }
}

macro_rules! launches {
    ($binding:ty, $pinned:literal, [$($send:tt)*]) => {
        impl<'env, E: Send + 'static> LocalLauncher<'_, 'env, E, $binding> {
            /// Launches a child for its effects.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// # use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
            /// let count = AtomicU32::new(0);
            /// run_local(async |s: LocalScope| {
            ///     s.named("here").launch(async { _ = count.fetch_add(1, Relaxed) });
            ///     s.on(Dispatchers::default()).launch(async { _ = count.fetch_add(1, Relaxed) });
            /// });
            /// assert_eq!(count.into_inner(), 2);
            /// ```
            #[track_caller]
            pub fn launch<F: Future<Output = ()> $($send)* + 'env>(self, future: F) -> Job {
                self.run::<F, Plain>(future, $pinned)
            }

            /// Launches a child for its result.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// let words = vec!["a", "bc"];
            /// let total = run_local(async |s: LocalScope| {
            ///     let here = s.named("here").spawn(async { words[0].len() });
            ///     let there = s.on(Dispatchers::default()).spawn(async { words[1].len() });
            ///     here.await + there.await
            /// });
            /// assert_eq!(total, 3);
            /// ```
            #[track_caller]
            pub fn spawn<F, T>(self, future: F) -> Deferred<T>
            where
                F: Future<Output = T> $($send)* + 'env,
                T: 'env $($send)*,
            {
                self.defer::<F, Plain>(future, $pinned)
            }

            /// Launches a child that may fail; its error, as an `E`, fails the scope.
            ///
            /// ```
            /// # use coscope::{prelude::*, try_run_local};
            /// let ended: Result<(), String> = try_run_local(async |s: LocalScope<'_, String>| {
            ///     s.named("here").try_launch(async { Ok::<_, String>(()) });
            ///     s.on(Dispatchers::default()).try_launch(async { Err("disk full") });
            ///     Ok(())
            /// });
            /// assert_eq!(ended, Err("disk full".to_owned()));
            /// ```
            #[track_caller]
            pub fn try_launch<F, E1>(self, future: F) -> Job
            where
                F: Future<Output = Result<(), E1>> $($send)* + 'env,
                E1: Into<E> + 'env,
            {
                self.run::<F, Fallible<E>>(future, $pinned)
            }

            /// Launches a child for a result that it may fail to give.
            ///
            /// ```
            /// # use coscope::{prelude::*, try_run_local};
            /// let texts = ["13", "29"];
            /// let sum = try_run_local(async |s: LocalScope<'_, std::num::ParseIntError>| {
            ///     let here = s.named("here").try_spawn(async { texts[0].parse::<i32>() });
            ///     let there = s.on(Dispatchers::default()).try_spawn(async { texts[1].parse::<i32>() });
            ///     Ok(here.await + there.await)
            /// });
            /// assert_eq!(sum, Ok(42));
            /// ```
            #[track_caller]
            pub fn try_spawn<F, T, E1>(self, future: F) -> Deferred<T>
            where
                F: Future<Output = Result<T, E1>> $($send)* + 'env,
                E1: Into<E> + 'env,
                T: 'env $($send)*,
            {
                self.defer::<F, Fallible<E>>(future, $pinned)
            }
        }
    };
}
launches!(Pinned, true, []);
launches!(Parallel, false, [+ Send]);
