//! [`Failure`]: what a coroutine failed with, on its way up the tree, and [`FailureHandler`], where
//! it arrives when no scope takes it. Imports `error`, `unwind`.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::error::{CancelReason, CoroutineInfo};
use crate::unwind;

/// An error or a panic, with the coroutine that it came from.
///
/// What a [`FailureHandler`] is shown. The error itself is there as [`Any`]: `downcast_ref`.
///
/// ```
/// # use coscope::prelude::*;
/// let (heard, log) = std::sync::mpsc::channel();
/// let handler = FailureHandler::new(move |failure| {
///     let text = failure.downcast_ref::<String>().cloned();
///     heard.send((text, failure.coroutine().name().to_owned(), failure.is_panic())).unwrap();
/// });
/// let server = CoroutineScope::new(Dispatchers::default() + handler);
/// server.named("disk").try_launch(async { Err::<(), _>("full".to_owned()) });
/// assert_eq!(log.recv().unwrap(), (Some("full".to_owned()), "disk".to_owned(), false));
/// ```
pub struct Failure {
    pub(crate) cause: FailureCause,
    pub(crate) coroutine: CoroutineInfo,
    pub(crate) suppressed: bool,
}

pub(crate) enum FailureCause {
    Error { error: Box<dyn Any + Send>, text: String },
    Panic(Box<dyn Any + Send>),
}

impl Failure {
    pub(crate) fn error<E: Any + Send>(error: E, text: String, coroutine: CoroutineInfo) -> Self {
        Failure { cause: FailureCause::Error { error: Box::new(error), text }, coroutine, suppressed: false }
    }

    pub(crate) fn panic(payload: Box<dyn Any + Send>, coroutine: CoroutineInfo) -> Self {
        Failure { cause: FailureCause::Panic(payload), coroutine, suppressed: false }
    }

    /// Which coroutine failed.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let (heard, log) = std::sync::mpsc::channel();
    /// let handler = FailureHandler::new(move |failure| heard.send(failure.coroutine().name().to_owned()).unwrap());
    /// let server = CoroutineScope::new(Dispatchers::default() + handler);
    /// server.named("disk").try_launch(async { Err::<(), _>("full") });
    /// assert_eq!(log.recv().unwrap(), "disk");
    /// ```
    pub fn coroutine(&self) -> &CoroutineInfo {
        &self.coroutine
    }
    /// Whether it came too late to be its scope's failure: another was first, or nobody waits for
    /// the scope any more.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let (heard, log) = std::sync::mpsc::channel();
    /// let handler = FailureHandler::new(move |failure| heard.send(failure.is_suppressed()).unwrap());
    /// let ended = coscope::try_run_blocking_on(handler, async |s: Scope<&str>| {
    ///     s.start(Start::Undispatched).launch(shield(async {
    ///         yield_now().await;
    ///         panic!("too late");
    ///     }));
    ///     s.start(Start::Undispatched).try_launch(async { Err("first") });
    ///     Ok(())
    /// });
    /// assert_eq!(ended, Err("first"));
    /// assert_eq!(log.recv(), Ok(true));
    /// ```
    pub fn is_suppressed(&self) -> bool {
        self.suppressed
    }
    /// Whether the coroutine panicked.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let (heard, log) = std::sync::mpsc::channel();
    /// let handler = FailureHandler::new(move |failure| heard.send(failure.is_panic()).unwrap());
    /// let server = CoroutineScope::new(Dispatchers::default() + handler);
    /// server.launch(async { panic!("no such page") });
    /// assert_eq!(log.recv(), Ok(true));
    /// ```
    pub fn is_panic(&self) -> bool {
        matches!(self.cause, FailureCause::Panic(_))
    }
    /// The panic's message, or the error as `Debug` shows it (its type's name where it has no `Debug`).
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let (heard, log) = std::sync::mpsc::channel();
    /// let handler = FailureHandler::new(move |failure| heard.send(failure.message().to_owned()).unwrap());
    /// let server = CoroutineScope::new(Dispatchers::default() + handler);
    /// server.launch(async { panic!("no such page") });
    /// assert_eq!(log.recv().unwrap(), "no such page");
    /// ```
    pub fn message(&self) -> &str {
        match &self.cause {
            FailureCause::Error { text, .. } => text,
            FailureCause::Panic(payload) => unwind::message(&**payload),
        }
    }
    /// The error, if it is an `E`.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let (heard, log) = std::sync::mpsc::channel();
    /// let handler = FailureHandler::new(move |failure| heard.send(failure.downcast_ref::<i32>().copied()).unwrap());
    /// let server = CoroutineScope::new(Dispatchers::default() + handler);
    /// server.try_launch(async { Err::<(), _>(404) });
    /// assert_eq!(log.recv(), Ok(Some(404)));
    /// ```
    pub fn downcast_ref<E: Any>(&self) -> Option<&E> {
        match &self.cause {
            FailureCause::Error { error, .. } => error.downcast_ref(),
            FailureCause::Panic(payload) => payload.downcast_ref(),
        }
    }
    /// Why the others of the scope are cancelled.
    pub(crate) fn reason(&self) -> CancelReason {
        let verb = if self.is_panic() { "panicked" } else { "failed" };
        format!("\"{}#{}\" {verb}", self.coroutine.name, self.coroutine.id).into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.is_panic() { "panicked" } else { "failed" };
        let late = if self.suppressed { " (suppressed: its scope had failed or ended before)" } else { "" };
        write!(f, "coroutine {} {verb}{late}:\n{}", self.coroutine, self.message())
    }
}
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("coroutine", &self.coroutine)
            .field("panic", &self.is_panic())
            .field("message", &self.message())
            .field("suppressed", &self.suppressed)
            .finish()
    }
}

/// Takes failures that no scope takes: those of owned and detached scopes, of supervised children
/// that nobody awaits, and those that come after a scope's first one.
///
/// An element of the context, inherited by children. Where there is none, failures are written to
/// stderr in the form of a panic message. It is called on the thread where the coroutine ended, with
/// no lock held; a panic in it is contained.
///
/// ```
/// # use coscope::prelude::*;
/// let (heard, log) = std::sync::mpsc::channel();
/// let handler = FailureHandler::new(move |failure| heard.send(failure.message().to_owned()).unwrap());
/// let server = CoroutineScope::new(Dispatchers::default() + handler);
/// server.try_launch(async { Err::<(), _>(404) });
/// assert_eq!(log.recv().unwrap(), "404");
/// ```
#[derive(Clone)]
pub struct FailureHandler(Arc<dyn Fn(&Failure) + Send + Sync>);

impl FailureHandler {
    /// A handler that calls `handle`.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let handler = FailureHandler::new(|failure| eprintln!("lost: {failure}"));
    /// let context = Dispatchers::default() + handler;
    /// assert!(context.failure_handler().is_some());
    /// ```
    pub fn new(handle: impl Fn(&Failure) + Send + Sync + 'static) -> Self {
        FailureHandler(Arc::new(handle))
    }
}

impl fmt::Debug for FailureHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailureHandler(..)")
    }
}

/// Hands a failure to the handler, or writes it to stderr. Never nowhere.
pub(crate) fn report(handler: Option<&FailureHandler>, failure: Failure) {
    match handler {
        Some(handler) => unwind::contain("a failure handler", || (handler.0)(&failure)),
        None => eprintln!("{failure}"),
    }
    unwind::drop_contained(failure);
}

/// A panic that somebody kept, and who would have resumed it has gone: it goes to the handler.
pub(crate) fn report_kept(
    handler: Option<&FailureHandler>,
    payload: Box<dyn Any + Send>,
    coroutine: CoroutineInfo,
) {
    report(handler, Failure { suppressed: true, ..Failure::panic(payload, coroutine) });
}
