//! [`Launcher`]: how a child is to be launched: where, under which name, when.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;

use crate::context::{CoroutineContext, current};
use crate::job::{Job, NodeRef};
use crate::task::policy::Policy;
use crate::task::state::Birth;
use crate::task::{self, Deferred, Launch};

/// When a coroutine begins.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let lazy = s.start(Start::Lazy).spawn(async { 42 });
///     assert!(!lazy.is_active());                        // nobody wants it yet
///     assert_eq!(lazy.await, 42);
///
///     let here = s.start(Start::Undispatched).launch(async {});
///     assert!(here.is_completed());                      // it ran right where it was launched
///
///     let begun = s.start(Start::Atomic).launch(async { println!("I run") });
///     begun.cancel("too late: it is begun");
///     let never = s.launch(async { unreachable!("cancelled before its first step") });
///     never.cancel("not needed");
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// At once, when its dispatcher gets to it. Cancelled before that, it never runs.
    #[default]
    Default,
    /// When somebody wants it: `start`, `join`, `.await`. Cancelled before that, it never runs. One
    /// that nobody can start any more, its last handle being gone, is cancelled.
    Lazy,
    /// Here and now, on the launching thread, to its first suspension; from then on where its
    /// dispatcher says.
    Undispatched,
    /// As by default, but it runs to its first suspension even if it is cancelled before.
    Atomic,
}

/// Something that children can be launched into. Sealed: the scopes of this crate.
pub trait Host: Clone + Sealed {}

/// What a scope is made of. Not for users.
#[doc(hidden)]
pub trait Sealed {
    #[doc(hidden)]
    fn place(&self) -> &Place;
}

/// The node that children hang below, and the context that they inherit.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Place {
    /// There until it is dropped.
    node: Option<NodeRef>,
    pub(crate) context: CoroutineContext,
}

/// A handle mostly goes inside of the scope that it is one to, which has a count as well.
impl Drop for Place {
    #[inline]
    fn drop(&mut self) {
        if let Some(node) = self.node.take() {
            current::give_back(node);
        }
    }
}

impl Place {
    #[inline]
    pub(crate) fn new(node: NodeRef, context: CoroutineContext) -> Self {
        Place { node: Some(node), context }
    }

    #[inline]
    pub(crate) fn node(&self) -> &NodeRef {
        self.node.as_ref().expect("there until it is dropped")
    }

    /// Launches a child that nothing is said about.
    #[inline(always)]
    #[track_caller]
    pub(super) fn run<F, P>(&self, future: F) -> Job
    where
        F: Future + Send + 'static,
        P: Policy<F::Output>,
    {
        Job(task::launch_owned::<F, P>(self.node(), self.plain(false), future))
    }

    /// As [`run`](Self::run), for a result.
    #[inline(always)]
    #[track_caller]
    pub(super) fn defer<F, P>(&self, future: F) -> Deferred<P::Stored>
    where
        F: Future + Send + 'static,
        P: Policy<F::Output>,
        P::Stored: Send + 'static,
    {
        task::spawn_owned::<F, P>(self.node(), self.plain(true), future)
    }

    #[inline(always)]
    #[track_caller]
    fn plain(&self, interest: bool) -> Launch {
        Launch {
            name: None, // it is not inherited
            context: self.context.for_child(CoroutineContext::new()),
            site: Location::caller(),
            start: Birth::Scheduled,
            interest,
            shield: false,
            pinned: false,
        }
    }
}

/// A launch under way: made by a scope's `on`, `named` and `start`, ended by `launch` or `spawn`.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let job = s.on(Dispatchers::io()).named("greeter").start(Start::Lazy).launch(async { println!("hi") });
///     assert_eq!(job.name(), "greeter");
///     assert!(job.start());
/// });
/// ```
#[must_use = "nothing is launched before `launch` or `spawn`"]
#[derive(Clone)]
pub struct Launcher<'a, S> {
    pub(super) scope: &'a S,
    context: CoroutineContext,
    name: Option<Cow<'static, str>>,
    start: Start,
    site: Option<&'static Location<'static>>,
}

impl<'a, S: Host> Launcher<'a, S> {
    #[inline]
    pub(super) fn new(scope: &'a S) -> Self {
        Launcher { scope, context: CoroutineContext::new(), name: None, start: Start::Default, site: None }
    }

    /// On this dispatcher, or with these elements of context.
    ///
    /// Elements add up; of two dispatchers the last one counts.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let thread = s.named("who").on(Dispatchers::default()).spawn(async { coscope::current_label() });
    ///     assert!(thread.await.starts_with("DefaultDispatcher-worker-"));
    /// });
    /// ```
    #[inline]
    pub fn on(mut self, context: impl Into<CoroutineContext>) -> Self {
        self.context = self.context + context;
        self
    }

    /// Under this name. A literal allocates nothing.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.start(Start::Lazy).named("reader").launch(async {});
    ///     assert_eq!(job.name(), "reader");
    /// });
    /// ```
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// When it begins.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.named("eager").start(Start::Undispatched).launch(async {});
    ///     assert!(job.is_completed());
    /// });
    /// ```
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Launched there, instead of by the caller of `launch`.
    pub(super) fn at(mut self, site: &'static Location<'static>) -> Self {
        self.site = Some(site);
        self
    }

    #[inline(always)]
    #[track_caller]
    fn into_launch(self, interest: bool) -> Launch {
        let start = match self.start {
            Start::Default => Birth::Scheduled,
            Start::Lazy => Birth::New,
            Start::Undispatched => Birth::Running,
            Start::Atomic => Birth::Atomic,
        };
        let context = self.scope.place().context.for_child(self.context);
        Launch {
            name: context.own_name(self.name),
            context,
            site: self.site.unwrap_or(Location::caller()),
            start,
            interest,
            shield: false,
            pinned: false,
        }
    }

    #[inline(always)]
    #[track_caller]
    pub(super) fn run<F, P>(self, future: F) -> Job
    where
        F: Future + Send + 'static,
        P: Policy<F::Output>,
    {
        let node = self.scope.place().node();
        Job(task::launch_owned::<F, P>(node, self.into_launch(false), future))
    }

    #[inline(always)]
    #[track_caller]
    pub(super) fn defer<F, P>(self, future: F) -> Deferred<P::Stored>
    where
        F: Future + Send + 'static,
        P: Policy<F::Output>,
        P::Stored: Send + 'static,
    {
        let node = self.scope.place().node();
        task::spawn_owned::<F, P>(node, self.into_launch(true), future)
    }
}

impl<S> fmt::Debug for Launcher<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launcher")
            .field("name", &self.name)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

/// The methods that every scope has, whatever becomes of its children's failures.
macro_rules! host {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> $crate::scope::launcher::Sealed for $type {
            fn place(&self) -> &$crate::scope::launcher::Place {
                &self.place
            }
        }
        impl<$($generics)*> $crate::scope::launcher::Host for $type {}

        impl<$($generics)*> $type {
            /// A launch on this dispatcher, or with these elements of context.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// run_blocking(async |s: Scope| {
            ///     let text = s.on(Dispatchers::io()).spawn(async { std::fs::read_to_string("Cargo.toml") });
            ///     assert!(text.await.is_ok());
            /// });
            /// ```
            pub fn on(
                &self,
                context: impl Into<$crate::context::CoroutineContext>,
            ) -> $crate::scope::launcher::Launcher<'_, Self> {
                $crate::scope::launcher::Launcher::new(self).on(context)
            }

            /// A launch under this name. A literal allocates nothing.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// run_blocking(async |s: Scope| {
            ///     assert_eq!(s.named("reader").launch(async {}).name(), "reader");
            /// });
            /// ```
            pub fn named(
                &self,
                name: impl Into<std::borrow::Cow<'static, str>>,
            ) -> $crate::scope::launcher::Launcher<'_, Self> {
                $crate::scope::launcher::Launcher::new(self).named(name)
            }

            /// A launch that begins at another time than at once.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// run_blocking(async |s: Scope| {
            ///     let answer = s.start(Start::Lazy).spawn(async { 42 });
            ///     assert_eq!(answer.await, 42); // this starts it
            /// });
            /// ```
            pub fn start(&self, start: $crate::scope::launcher::Start) -> $crate::scope::launcher::Launcher<'_, Self> {
                $crate::scope::launcher::Launcher::new(self).start(start)
            }

            /// At most `n` children at once: `launch` and `spawn` on it are futures that wait for a place.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// run_blocking(async |s: Scope| {
            ///     let two = s.limit(2);
            ///     for page in 0..10 {
            ///         two.launch(async move { println!("page {page}") }).await; // waits for one of the two to end
            ///     }
            /// });
            /// ```
            ///
            /// # Panics
            /// If `n` is 0.
            pub fn limit(&self, n: usize) -> $crate::scope::limit::Limit<Self> {
                $crate::scope::limit::Limit::new(self.clone(), n)
            }

            /// Cancels everything launched here; the scope itself goes on.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// run_blocking(async |s: Scope| {
            ///     let idle = s.launch(std::future::pending());
            ///     s.cancel_children("time for something else");
            ///     idle.join().await;
            ///     assert!(s.is_active());
            /// });
            /// ```
            pub fn cancel_children(&self, reason: impl Into<$crate::error::CancelReason>) {
                self.place.node().cancel_children(reason.into());
            }

            /// The coroutines launched here that have not completed, oldest first.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// run_blocking(async |s: Scope| {
            ///     s.named("reader").launch(async {});
            ///     let names: Vec<String> = s.children().iter().map(|job| job.name().to_owned()).collect();
            ///     assert_eq!(names, ["reader"]);
            /// });
            /// ```
            pub fn children(&self) -> Vec<$crate::job::Job> {
                $crate::job::Job(self.place.node().clone()).children()
            }

            /// What children inherit.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// run_blocking(async |s: Scope| {
            ///     assert!(s.context().dispatcher().is_some()); // a scope always has one
            /// });
            /// ```
            pub fn context(&self) -> &$crate::context::CoroutineContext {
                &self.place.context
            }

            /// Whether the scope takes children that will run: it neither ends nor is being cancelled.
            ///
            /// ```
            /// # use coscope::prelude::*;
            /// let ended = run_blocking(async |s: Scope| {
            ///     assert!(s.is_active());
            ///     s
            /// });
            /// assert!(!ended.is_active());
            /// let late = ended.launch(async { unreachable!("born cancelled") });
            /// assert!(late.is_cancelled());
            /// ```
            pub fn is_active(&self) -> bool {
                self.place.node().state.is_active()
            }
        }

        impl<$($generics)*> Clone for $type {
            fn clone(&self) -> Self {
                Self::new(self.place.clone())
            }
        }

        impl<$($generics)*> std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($type)).field(self.place.node()).finish()
            }
        }
    };
}
