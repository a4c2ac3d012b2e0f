//! What can go wrong with a coroutine, as values: [`JoinError`], [`TimedOut`], and why one was
//! cancelled, [`CancelReason`]. Imports `unwind`.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::unwind;

/// Why a job was cancelled. Cheap to clone.
///
/// ```
/// use coscope_core::CancelReason;
/// assert_eq!(CancelReason::from("tired of waiting").to_string(), "tired of waiting");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CancelReason(Text);

#[derive(Clone, PartialEq, Eq)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

impl CancelReason {
    /// The reason where none was given.
    ///
    /// ```
    /// # use coscope::{CancelReason, Job};
    /// let job = Job::new();
    /// job.cancel(CancelReason::UNSPECIFIED);
    /// assert_eq!(job.cancel_reason().unwrap().as_str(), "the job was cancelled");
    /// ```
    pub const UNSPECIFIED: CancelReason = CancelReason::new("the job was cancelled");

    /// A reason known at compile time; allocates nothing.
    ///
    /// ```
    /// # use coscope::CancelReason;
    /// const IDLE: CancelReason = CancelReason::new("idle for too long");
    /// assert_eq!(IDLE.as_str(), "idle for too long");
    /// ```
    pub const fn new(text: &'static str) -> Self {
        CancelReason(Text::Static(text))
    }

    /// The text.
    ///
    /// ```
    /// # use coscope::CancelReason;
    /// assert_eq!(CancelReason::from(format!("{} errors", 3)).as_str(), "3 errors");
    /// ```
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl From<&'static str> for CancelReason {
    fn from(text: &'static str) -> Self {
        CancelReason::new(text)
    }
}
impl From<String> for CancelReason {
    fn from(text: String) -> Self {
        CancelReason(Text::Shared(text.into()))
    }
}
impl From<Cow<'static, str>> for CancelReason {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}
impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Which coroutine: its name, its number, and where it was launched.
///
/// Displays as `"fetch#12", launched at src/main.rs:20:7`.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let job = s.named("fetch").launch(async {});
///     let info: coscope::CoroutineInfo = job.info();
///     assert!(info.to_string().starts_with(&format!("\"fetch#{}\", launched at ", info.id())));
/// });
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CoroutineInfo {
    pub(crate) name: Cow<'static, str>,
    pub(crate) id: u64,
    pub(crate) site: &'static Location<'static>,
}

impl CoroutineInfo {
    /// The name that it was given, or `"coroutine"`.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.named("fetch").launch(async {});
    ///     let info = job.info();
    ///     assert_eq!(info.name(), "fetch");
    /// });
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The same, for whoever keeps it: nothing is copied.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.named("fetch").launch(async {});
    ///     assert_eq!(job.info().into_name(), "fetch");
    /// });
    /// ```
    pub fn into_name(self) -> Cow<'static, str> {
        self.name
    }
    /// Its number, from 1, unique in the process; what one thread launches is counted up.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.named("fetch").launch(async {});
    ///     let info = job.info();
    ///     assert_eq!(info.id(), job.id());
    /// });
    /// ```
    pub fn id(&self) -> u64 {
        self.id
    }
    /// Where it was launched.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.named("fetch").launch(async {});
    ///     let info = job.info();
    ///     assert_eq!(info.launched_at(), job.launched_at());
    /// });
    /// ```
    pub fn launched_at(&self) -> &'static Location<'static> {
        self.site
    }
}

impl fmt::Display for CoroutineInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}#{}\", launched at {}", self.name, self.id, self.site)
    }
}
impl fmt::Debug for CoroutineInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a coroutine panicked with: its text always, the payload itself where nobody else took it
/// (in a fail-fast scope the scope does, and resumes the panic).
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |_| {
///     supervisor_scope(async |s: Supervisor| {
///         let broken = s.spawn(async { if true { panic!("no such page") } });
///         let Err(JoinError::Panicked { panic, .. }) = broken.await else { unreachable!() };
///         assert_eq!(panic.message(), "no such page");
///         assert_eq!(*panic.into_inner().downcast::<&str>().unwrap(), "no such page");
///     })
///     .await;
/// });
/// ```
pub struct PanicPayload {
    text: Cow<'static, str>,
    // a lock that nobody waits for: it makes the payload, which need not be `Sync`, shareable
    payload: Mutex<Option<Box<dyn Any + Send>>>,
}

impl PanicPayload {
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        let text = Cow::Owned(unwind::message(&*payload).to_owned());
        PanicPayload { text, payload: Mutex::new(Some(payload)) }
    }

    pub(crate) fn reported(text: String) -> Self {
        PanicPayload { text: Cow::Owned(text), payload: Mutex::new(None) }
    }

    /// The panic's message.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # let ended = run_blocking(async |_| {
    /// #     supervisor_scope(async |s: Supervisor| s.spawn(async { if true { panic!("no such page") } }).await).await
    /// # });
    /// let Err(JoinError::Panicked { panic, .. }) = ended else { unreachable!() };
    /// assert_eq!(panic.message(), "no such page");
    /// ```
    pub fn message(&self) -> &str {
        &self.text
    }

    /// The payload, to be handed to [`std::panic::resume_unwind`]. Where the scope has taken the
    /// original, a `String` with its message.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # let ended = run_blocking(async |_| {
    /// #     supervisor_scope(async |s: Supervisor| s.spawn(async { if true { panic!("no such page") } }).await).await
    /// # });
    /// let Err(JoinError::Panicked { panic, .. }) = ended else { unreachable!() };
    /// assert!(panic.into_inner().is::<&str>());
    /// ```
    pub fn into_inner(self) -> Box<dyn Any + Send> {
        self.payload.lock().take().unwrap_or_else(|| Box::new(self.text.into_owned()))
    }
}

impl fmt::Debug for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

/// Stands where a coroutine's error was: its scope has taken the error itself.
///
/// ```
/// # use coscope::{Reported, prelude::*};
/// let ended = try_run_blocking(async |s: Scope<&str>| {
///     let disk = s.try_spawn(async { Err::<(), _>("full") });
///     shield(async {
///         let why = disk.outcome().await.unwrap_err();
///         assert_eq!(why.into_error(), Some(Reported)); // the scope has the error itself
///     })
///     .await;
///     Ok(())
/// });
/// assert_eq!(ended, Err("full"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported;

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error that its scope has taken")
    }
}
impl std::error::Error for Reported {}

/// Why a coroutine that was joined has no value.
///
/// `E` is the error it failed with; [`Reported`] where its scope has taken that.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let page = s.named("page").spawn(std::future::pending::<String>());
///     page.cancel("too slow");
///     match page.outcome().await {
///         Ok(text) => println!("{text}"),
///         Err(JoinError::Cancelled { reason, coroutine }) => {
///             assert_eq!((reason.as_str(), coroutine.name()), ("too slow", "page"));
///         }
///         Err(other) => println!("{other}"),
///     }
/// });
/// ```
pub enum JoinError<E = Reported> {
    /// It ended with an error.
    Failed {
        /// The error.
        error: E,
        /// Which coroutine.
        coroutine: CoroutineInfo,
    },
    /// It panicked.
    Panicked {
        /// What it panicked with.
        panic: PanicPayload,
        /// Which coroutine.
        coroutine: CoroutineInfo,
    },
    /// It was cancelled before it had ended.
    Cancelled {
        /// Why.
        reason: CancelReason,
        /// Which coroutine.
        coroutine: CoroutineInfo,
    },
}

impl<E> JoinError<E> {
    /// Which coroutine.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # let error = run_blocking(async |_| {
    /// #     supervisor_scope(async |s: Supervisor| s.named("page").try_spawn(async { Err::<(), _>("gone") }).await).await
    /// # }).unwrap_err();
    /// assert_eq!(error.coroutine().name(), "page");
    /// ```
    pub fn coroutine(&self) -> &CoroutineInfo {
        match self {
            JoinError::Failed { coroutine, .. }
            | JoinError::Panicked { coroutine, .. }
            | JoinError::Cancelled { coroutine, .. } => coroutine,
        }
    }
    /// Whether it ended with an error of its own.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # let error = run_blocking(async |_| {
    /// #     supervisor_scope(async |s: Supervisor| s.try_spawn(async { Err::<(), _>("gone") }).await).await
    /// # }).unwrap_err();
    /// assert!(error.is_failed() && !error.is_panicked() && !error.is_cancelled());
    /// ```
    pub fn is_failed(&self) -> bool {
        matches!(self, JoinError::Failed { .. })
    }
    /// Whether it panicked.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # let error = run_blocking(async |_| {
    /// #     supervisor_scope(async |s: Supervisor| s.spawn(async { if true { panic!("oh") } }).await).await
    /// # }).unwrap_err();
    /// assert!(error.is_panicked() && !error.is_failed());
    /// ```
    pub fn is_panicked(&self) -> bool {
        matches!(self, JoinError::Panicked { .. })
    }
    /// Whether it was cancelled.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # let error = run_blocking(async |s: Scope| {
    /// #     let answer = s.spawn(async { 42 });
    /// #     answer.cancel("enough");
    /// #     answer.outcome().await
    /// # }).unwrap_err();
    /// assert!(error.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self, JoinError::Cancelled { .. })
    }
    /// The error it failed with, if it did.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # let error = run_blocking(async |_| {
    /// #     supervisor_scope(async |s: Supervisor| s.try_spawn(async { Err::<(), _>("gone") }).await).await
    /// # }).unwrap_err();
    /// assert_eq!(error.into_error(), Some("gone"));
    /// ```
    pub fn into_error(self) -> Option<E> {
        match self {
            JoinError::Failed { error, .. } => Some(error),
            _ => None,
        }
    }
    /// The same with another error type.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # let error = run_blocking(async |_| {
    /// #     supervisor_scope(async |s: Supervisor| s.try_spawn(async { Err::<(), _>("gone") }).await).await
    /// # }).unwrap_err();
    /// assert_eq!(error.map(str::len).into_error(), Some(4));
    /// ```
    pub fn map<F>(self, f: impl FnOnce(E) -> F) -> JoinError<F> {
        match self {
            JoinError::Failed { error, coroutine } => JoinError::Failed { error: f(error), coroutine },
            JoinError::Panicked { panic, coroutine } => JoinError::Panicked { panic, coroutine },
            JoinError::Cancelled { reason, coroutine } => JoinError::Cancelled { reason, coroutine },
        }
    }
}

impl<E: fmt::Display> fmt::Display for JoinError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinError::Failed { error, coroutine } => write!(f, "coroutine {coroutine} failed: {error}"),
            JoinError::Panicked { panic, coroutine } => {
                write!(f, "coroutine {coroutine} panicked: {}", panic.message())
            }
            JoinError::Cancelled { reason, coroutine } => {
                write!(f, "coroutine {coroutine} was cancelled: {reason}")
            }
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for JoinError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinError::Failed { error, coroutine } => {
                f.debug_struct("Failed").field("error", error).field("coroutine", coroutine).finish()
            }
            JoinError::Panicked { panic, coroutine } => {
                f.debug_struct("Panicked").field("panic", panic).field("coroutine", coroutine).finish()
            }
            JoinError::Cancelled { reason, coroutine } => {
                f.debug_struct("Cancelled").field("reason", reason).field("coroutine", coroutine).finish()
            }
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for JoinError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            JoinError::Failed { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// A deadline passed before the block had ended.
///
/// ```
/// # use coscope::{TimedOut, prelude::*};
/// # use std::time::Duration;
/// let late: Result<(), TimedOut> = run_blocking(async |_| {
///     with_timeout(Duration::from_millis(5), delay(Duration::from_secs(60))).await
/// });
/// assert_eq!(late.unwrap_err().to_string(), "Timed out waiting for 5 ms");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct TimedOut {
    pub(crate) after: Duration,
}

impl TimedOut {
    /// The time that the block was given.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # use std::time::Duration;
    /// let late = run_blocking(async |_| with_timeout(Duration::ZERO, async {}).await);
    /// assert_eq!(late.unwrap_err().after(), Duration::ZERO);
    /// ```
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.after.is_zero() {
            f.write_str("Timed out immediately")
        } else {
            write!(f, "Timed out waiting for {} ms", self.after.as_secs_f64() * 1000.0)
        }
    }
}
impl std::error::Error for TimedOut {}

/// The own coroutine, or the scope around it, is being cancelled.
///
/// ```
/// # use coscope::{Cancelled, ensure_active, prelude::*};
/// run_blocking(async |s: Scope| {
///     let job = s.start(Start::Atomic).launch(async {
///         let why: Cancelled = ensure_active().unwrap_err();
///         assert_eq!(why.to_string(), "cancelled: enough");
///     });
///     job.cancel("enough");
/// });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    pub(crate) reason: CancelReason,
}

impl Cancelled {
    /// Why.
    ///
    /// ```
    /// # use coscope::{ensure_active, prelude::*};
    /// run_blocking(async |s: Scope| {
    ///     let job = s.start(Start::Atomic).launch(async {
    ///         assert_eq!(ensure_active().unwrap_err().reason().as_str(), "enough");
    ///     });
    ///     job.cancel("enough");
    /// });
    /// ```
    pub fn reason(&self) -> &CancelReason {
        &self.reason
    }
}
impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cancelled: {}", self.reason)
    }
}
impl std::error::Error for Cancelled {}
