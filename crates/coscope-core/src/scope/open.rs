//! The regions that give their body a scope: [`scope`], [`try_scope`], [`supervisor_scope`],
//! [`collect_scope`]. One future, [`Opened`], in four shapes.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::handle::{Collector, Scope, Supervisor};
use super::kept_panic::{Kept, KeptPanic};
use super::launcher::Place;
use super::region::{Mode, Polled, Region};
use crate::error::{CancelReason, CoroutineInfo, JoinError, PanicPayload};
use crate::failure::{Failure, FailureCause};
use crate::unwind;

/// Opens a scope: runs `body` with the capability to launch children, and returns when the body and
/// every child have ended.
///
/// Children are infallible; the first one to panic cancels the others and the body, and the panic is
/// resumed here when all have ended. The body may borrow from the caller's frame; children are
/// `Send + 'static`.
///
/// ```
/// # use coscope::prelude::*;
/// async fn sum() -> i32 {
///     scope(async |s: Scope| {
///         let one = s.spawn(async { 13 });
///         let two = s.spawn(async { 29 });
///         one.await + two.await
///     })
///     .await
/// }
/// assert_eq!(run_blocking(async |_| sum().await), 42);
/// ```
///
/// An empty scope allocates nothing. Dropping the future before it is ready cancels the children; the
/// coroutine around still waits for them.
///
/// # Cancellation
/// When the coroutine is cancelled, the body is dropped where it is suspended and the children are
/// cancelled; the coroutine completes when they have ended.
///
/// # Panics
/// With the panic of the body or of the first child that panicked.
#[track_caller]
pub fn scope<T, F, Fut>(body: F) -> Opened<Infallibly, F, Fut>
where
    F: FnOnce(Scope) -> Fut,
    Fut: Future<Output = T>,
{
    Opened::new("scope", Mode::FailFast, body)
}

/// Opens a scope whose children may fail: the first `Err` (of the body or of a child) cancels the
/// rest and is returned when all have ended.
///
/// ```
/// # use coscope::prelude::*;
/// async fn user() -> Result<String, std::io::Error> { Ok("7".to_owned()) }
///
/// type Error = Box<dyn std::error::Error + Send + Sync>;
///
/// async fn id() -> Result<i32, Error> {
///     try_scope(async |s: Scope<Error>| {
///         let user = s.try_spawn(user());
///         Ok(user.await.parse()?)
///     })
///     .await
/// }
/// assert_eq!(run_blocking(async |_| id().await).unwrap(), 7);
/// ```
///
/// # Errors
/// The first one.
///
/// # Cancellation
/// As [`scope`].
///
/// # Panics
/// With the panic of the body or of the first child, if that came before any `Err`.
#[track_caller]
pub fn try_scope<T, E, F, Fut>(body: F) -> Opened<Fallibly<E>, F, Fut>
where
    E: Send + 'static,
    F: FnOnce(Scope<E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    Opened::new("try_scope", Mode::FailFast, body)
}

/// Opens a scope whose children fail alone; see [`Supervisor`].
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |_| {
///     supervisor_scope(async |s: Supervisor| {
///         let failing = s.try_spawn(async { Err::<(), _>("disk") });
///         let other = s.spawn(async { 42 });
///         assert!(failing.await.unwrap_err().is_failed());
///         assert_eq!(other.await.unwrap(), 42);
///     })
///     .await;
/// });
/// ```
///
/// # Cancellation
/// As [`scope`].
///
/// # Panics
/// With the panic of the body, which cancels the children.
#[track_caller]
pub fn supervisor_scope<T, F, Fut>(body: F) -> Opened<Supervising, F, Fut>
where
    F: FnOnce(Supervisor) -> Fut,
    Fut: Future<Output = T>,
{
    Opened::new("supervisor_scope", Mode::Supervise, body)
}

/// Opens a scope that lets every child run to its end and gathers all that failed.
///
/// ```
/// # use coscope::{Collector, Errors, collect_scope, prelude::*};
/// async fn check_all() -> Result<(), Errors<String>> {
///     collect_scope(async |s: Collector<String>| {
///         s.try_launch(async { Err("disk") });
///         s.try_launch(async { Err("network") });
///     })
///     .await
/// }
/// let errors = run_blocking(async |_| check_all().await).unwrap_err();
/// assert_eq!(errors.len(), 2);
/// ```
///
/// # Errors
/// All of them, in order of time.
///
/// # Cancellation
/// As [`scope`].
///
/// # Panics
/// With the panic of the body, which cancels the children. A child's panic is one of the errors.
#[track_caller]
pub fn collect_scope<T, E, F, Fut>(body: F) -> Opened<Gathering<E>, F, Fut>
where
    E: Send + 'static,
    F: FnOnce(Collector<E>) -> Fut,
    Fut: Future<Output = T>,
{
    Opened::new("collect_scope", Mode::Gather, body)
}

/// What kind of scope an [`Opened`] is. Sealed.
pub trait Shape<Out> {
    /// What the body is given.
    type Handle;
    /// What the scope comes to.
    type Output;
    #[doc(hidden)]
    fn handle(place: Place) -> Self::Handle;
    /// Whether the body ended in failure.
    #[doc(hidden)]
    fn is_failure(_out: &Out) -> bool {
        false
    }
    /// All has ended, and nothing has failed but the body, perhaps.
    #[doc(hidden)]
    fn output(out: Out) -> Self::Output;
    /// All has ended: the result of the body, if it had one, and what was kept of children's failures.
    #[doc(hidden)]
    fn finish(out: Option<Out>, failures: Vec<Failure>) -> Self::Output;
}

/// The shape of [`scope`].
#[derive(Debug)]
pub struct Infallibly;

impl<T> Shape<T> for Infallibly {
    type Handle = Scope;
    type Output = T;
    fn handle(place: Place) -> Scope {
        Scope::new(place)
    }
    fn output(out: T) -> T {
        out
    }
    fn finish(out: Option<T>, failures: Vec<Failure>) -> T {
        match first::<Infallible, _>(failures, out) {
            Ok(out) => out.expect("a scope without failures has a result"),
            Err(error) => match error {},
        }
    }
}

/// The shape of [`try_scope`].
#[derive(Debug)]
pub struct Fallibly<E>(PhantomData<E>);

impl<T, E: Send + 'static> Shape<Result<T, E>> for Fallibly<E> {
    type Handle = Scope<E>;
    type Output = Result<T, E>;
    fn handle(place: Place) -> Scope<E> {
        Scope::new(place)
    }
    fn is_failure(out: &Result<T, E>) -> bool {
        out.is_err()
    }
    fn output(out: Result<T, E>) -> Result<T, E> {
        out
    }
    fn finish(out: Option<Result<T, E>>, failures: Vec<Failure>) -> Result<T, E> {
        first::<E, _>(failures, out)?.expect("a scope without failures has a result")
    }
}

/// The shape of [`supervisor_scope`].
#[derive(Debug)]
pub struct Supervising;

impl<T> Shape<T> for Supervising {
    type Handle = Supervisor;
    type Output = T;
    fn handle(place: Place) -> Supervisor {
        Supervisor::new(place)
    }
    fn output(out: T) -> T {
        out
    }
    fn finish(out: Option<T>, _failures: Vec<Failure>) -> T {
        out.expect("a supervisor's body is not cut")
    }
}

/// The shape of [`collect_scope`].
#[derive(Debug)]
pub struct Gathering<E>(PhantomData<E>);

impl<T, E: Send + 'static> Shape<T> for Gathering<E> {
    type Handle = Collector<E>;
    type Output = Result<T, Errors<E>>;
    fn handle(place: Place) -> Collector<E> {
        Collector::new(place)
    }
    fn output(out: T) -> Result<T, Errors<E>> {
        Ok(out)
    }
    fn finish(out: Option<T>, failures: Vec<Failure>) -> Result<T, Errors<E>> {
        let out = out.expect("a collecting scope's body is not cut");
        if failures.is_empty() {
            return Ok(out);
        }
        Err(Errors(failures.into_iter().map(into_join_error).collect()))
    }
}

/// The body's result if there is no failure. Otherwise that is dropped, before anything unwinds: the first
/// failure's error, or its panic resumed.
fn first<E: 'static, O>(mut failures: Vec<Failure>, out: Option<O>) -> Result<Option<O>, E> {
    if failures.is_empty() {
        return Ok(out);
    }
    let failure = failures.swap_remove(0);
    unwind::drop_contained(out);
    match failure.cause {
        FailureCause::Error { error, .. } => Err(*error.downcast::<E>().expect("a scope's own error type")),
        FailureCause::Panic(payload) => std::panic::resume_unwind(payload),
    }
}

fn into_join_error<E: 'static>(failure: Failure) -> JoinError<E> {
    let coroutine: CoroutineInfo = failure.coroutine;
    match failure.cause {
        FailureCause::Error { error, .. } => {
            JoinError::Failed { error: *error.downcast::<E>().expect("a scope's own error type"), coroutine }
        }
        FailureCause::Panic(payload) => JoinError::Panicked { panic: PanicPayload::new(payload), coroutine },
    }
}

/// All that failed in a [`collect_scope`], in order of time; never empty.
///
/// ```
/// # use coscope::{Collector, Errors, collect_scope, prelude::*};
/// let errors: Errors<String> = run_blocking(async |_| {
///     collect_scope(async |s: Collector<String>| {
///         s.named("disk").try_launch(async { Err("full") });
///     })
///     .await
/// })
/// .unwrap_err();
/// assert!(errors.to_string().starts_with("1 failed\n  coroutine \"disk#"));
/// let mut errors = errors.into_iter();
/// assert_eq!(errors.next().unwrap().into_error().as_deref(), Some("full"));
/// ```
#[derive(Debug)]
pub struct Errors<E>(Vec<JoinError<E>>);

impl<E> Errors<E> {
    /// The failures.
    ///
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// # let gathered = run_blocking(async |_| {
    /// #     collect_scope(async |s: Collector<String>| { s.try_launch(async { Err("full") }); }).await
    /// # });
    /// let errors = gathered.unwrap_err();
    /// assert!(errors.iter().all(|error| error.is_failed()));
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, JoinError<E>> {
        self.0.iter()
    }
    /// How many there are: at least one.
    ///
    /// ```
    /// # use coscope::{Collector, collect_scope, prelude::*};
    /// # let gathered = run_blocking(async |_| {
    /// #     collect_scope(async |s: Collector<String>| { s.try_launch(async { Err("full") }); }).await
    /// # });
    /// assert_eq!(gathered.unwrap_err().len(), 1);
    /// ```
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
impl<E> IntoIterator for Errors<E> {
    type Item = JoinError<E>;
    type IntoIter = std::vec::IntoIter<JoinError<E>>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
impl<'a, E> IntoIterator for &'a Errors<E> {
    type Item = &'a JoinError<E>;
    type IntoIter = std::slice::Iter<'a, JoinError<E>>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
impl<E: fmt::Display> fmt::Display for Errors<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}
impl<E: std::error::Error + 'static> std::error::Error for Errors<E> {}

pin_project! {
    /// The future of [`scope`] and its kin.
    ///
    /// ```
    /// # use coscope::{Infallibly, Opened, prelude::*};
    /// let sum: Opened<Infallibly, _, _> = scope(async |s: Scope| s.spawn(async { 42 }).await);
    /// assert_eq!(run_blocking(async |_| sum.await), 42);
    /// ```
    #[must_use = "a scope runs only when it is awaited"]
    pub struct Opened<S, F, Fut>
    where
        Fut: Future,
        S: Shape<Fut::Output>,
    {
        region: Region,
        open: Option<F>,
        begun: bool,
        #[pin]
        body: Option<Fut>,
        result: Option<Kept<Fut::Output>>,
        shape: PhantomData<fn() -> S>,
    }

    impl<S, F, Fut> PinnedDrop for Opened<S, F, Fut>
    where
        Fut: Future,
        S: Shape<Fut::Output>,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if *this.begun {
                this.region.abandon(|| this.body.set(None));
            }
        }
    }
}

impl<S, F, Fut> Opened<S, F, Fut>
where
    F: FnOnce(S::Handle) -> Fut,
    Fut: Future,
    S: Shape<Fut::Output>,
{
    #[track_caller]
    fn new(name: &'static str, mode: Mode, open: F) -> Self {
        let region = Region::new(name, mode);
        Opened { region, open: Some(open), begun: false, body: None, result: None, shape: PhantomData }
    }
}

impl<S, F, Fut> Future for Opened<S, F, Fut>
where
    F: FnOnce(S::Handle) -> Fut,
    Fut: Future,
    S: Shape<Fut::Output>,
{
    type Output = S::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Output> {
        let mut this = self.project();
        let polled = if let Some(open) = this.open.take() {
            *this.begun = true;
            let open = |place| open(S::handle(place));
            Some(this.region.begin(open, this.body.as_mut(), cx, S::is_failure))
        } else {
            assert!(*this.begun, "a scope was polled after it had ended");
            this.body.is_some().then(|| this.region.poll_body(this.body.as_mut(), cx))
        };
        let region = &*this.region;
        if let Some(polled) = polled {
            match polled {
                Polled::Pending => return Poll::Pending,
                Polled::Ready(out) if !S::is_failure(&out) && region.is_untouched() => {
                    // nobody has launched, nobody can: the common end of a scope that was not needed
                    *this.begun = false;
                    return Poll::Ready(S::output(out));
                }
                Polled::Ready(out) => {
                    if S::is_failure(&out) && !region.fail(CancelReason::new("its scope's body failed")) {
                        unwind::drop_contained(out); // a child was first
                    } else {
                        *this.result = Some(Ok(out));
                    }
                }
                Polled::Panicked(payload) => {
                    let panic = KeptPanic::new(payload);
                    if region.fail(CancelReason::new("its scope's body panicked")) {
                        *this.result = Some(Err(panic));
                    }
                }
                Polled::Cut => {}
            }
            if this.body.is_some() {
                region.cut_body(|| this.body.set(None));
            }
            region.end_body();
        }
        ready!(region.poll_joined(cx));
        *this.begun = false;
        let out = match this.result.take() {
            Some(Err(panic)) => {
                region.report_failures(); // those that a collector has gathered
                panic.resume();
            }
            Some(Ok(out)) => Some(out),
            None => None,
        };
        Poll::Ready(S::finish(out, region.take_failures()))
    }
}

impl<S, F, Fut> fmt::Debug for Opened<S, F, Fut>
where
    Fut: Future,
    S: Shape<Fut::Output>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.region).finish()
    }
}
