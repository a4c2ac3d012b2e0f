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
    pub fn scope(&self) -> Scope<E> {
        self.scope.clone()
    }

    /// Cancels everything launched here; the scope itself goes on.
    pub fn cancel_children(&self, reason: impl Into<CancelReason>) {
        self.scope.cancel_children(reason);
    }

    /// The coroutines launched here that have not completed, oldest first.
    pub fn children(&self) -> Vec<Job> {
        self.scope.children()
    }

    /// Launches a child for its effects, pinned to this thread.
    #[track_caller]
    pub fn launch<F: Future<Output = ()> + 'env>(&self, future: F) -> Job {
        self.named_launch().launch(future)
    }

    /// Launches a child for its result, pinned to this thread.
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> Deferred<T>
    where
        F: Future<Output = T> + 'env,
        T: 'env,
    {
        self.named_launch().spawn(future)
    }

    /// Launches a child that may fail, pinned to this thread; its error, as an `E`, fails the scope.
    #[track_caller]
    pub fn try_launch<F, E1>(&self, future: F) -> Job
    where
        F: Future<Output = Result<(), E1>> + 'env,
        E1: Into<E> + 'env,
    {
        self.named_launch().try_launch(future)
    }

    /// Launches a child for a result that it may fail to give, pinned to this thread.
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
    pub fn named(&self, name: impl Into<Cow<'static, str>>) -> LocalLauncher<'_, 'env, E, Pinned> {
        LocalLauncher { name: Some(name.into()), ..self.named_launch() }
    }

    /// A launch on another dispatcher, in parallel: what is launched is `Send` and may borrow.
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
        self.scope.waited.launch::<F, P>(&self.scope.scope.place.node, with, future)
    }

    #[track_caller]
    fn defer<F: Future + 'env, P: Policy<F::Output>>(
        mut self,
        future: F,
        pinned: bool,
    ) -> Deferred<P::Stored> {
        let with = self.with(true, pinned);
        self.scope.waited.spawn::<F, P>(&self.scope.scope.place.node, with, future)
    }
}

macro_rules! launches {
    ($binding:ty, $pinned:literal, [$($send:tt)*]) => {
        impl<'env, E: Send + 'static> LocalLauncher<'_, 'env, E, $binding> {
            /// Launches a child for its effects.
            #[track_caller]
            pub fn launch<F: Future<Output = ()> $($send)* + 'env>(self, future: F) -> Job {
                self.run::<F, Plain>(future, $pinned)
            }

            /// Launches a child for its result.
            #[track_caller]
            pub fn spawn<F, T>(self, future: F) -> Deferred<T>
            where
                F: Future<Output = T> $($send)* + 'env,
                T: 'env $($send)*,
            {
                self.defer::<F, Plain>(future, $pinned)
            }

            /// Launches a child that may fail; its error, as an `E`, fails the scope.
            #[track_caller]
            pub fn try_launch<F, E1>(self, future: F) -> Job
            where
                F: Future<Output = Result<(), E1>> $($send)* + 'env,
                E1: Into<E> + 'env,
            {
                self.run::<F, Fallible<E>>(future, $pinned)
            }

            /// Launches a child for a result that it may fail to give.
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
