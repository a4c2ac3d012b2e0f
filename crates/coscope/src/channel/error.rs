//! Why a message could not be sent or received. Each hands the message back, and keeps the cause that the
//! channel was closed with. Imports `raw` for that.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::raw::{Cause, Channel, End};

/// How a channel ended, as its errors tell it.
/// Behind a pointer: errors are as small as what a good result costs to pass on.
struct Ended {
    cancelled: bool,
    cause: Cause,
}

impl Ended {
    fn of<T>(channel: &Channel<T>) -> Arc<Self> {
        let (end, cause) = channel.end();
        Arc::new(Ended { cancelled: end == End::Cancelled, cause })
    }

    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", if self.cancelled { "cancelled" } else { "closed" })?;
        self.cause.iter().try_for_each(|cause| write!(f, ": {cause:?}"))
    }
}

/// The channel has ended; here is the message that was not sent.
///
/// ```
/// let (tx, rx) = coscope::channel::channel(1);
/// rx.close_with("the printer is out of paper");
/// # coscope::run_blocking(async |_: coscope::Scope| {
/// let error = tx.send("page 1").await.unwrap_err();
/// assert_eq!(error.cause().unwrap().to_string(), "the printer is out of paper");
/// assert_eq!(error.into_inner(), "page 1");
/// # });
/// ```
#[derive(Clone)]
pub struct SendError<T>(Box<Unsent<T>>);

/// Behind a pointer, as `Ended`.
#[derive(Clone)]
struct Unsent<T> {
    message: T,
    ended: Arc<Ended>,
}

impl<T> SendError<T> {
    #[cold]
    #[inline(never)]
    pub(super) fn new<M>(message: T, channel: &Channel<M>) -> Self {
        SendError(Box::new(Unsent { message, ended: Ended::of(channel) }))
    }

    /// The message.
    pub fn into_inner(self) -> T {
        self.0.message
    }

    /// Whether the channel was cancelled, by hand or because the last receiver has gone; else it was closed.
    pub fn is_cancelled(&self) -> bool {
        self.0.ended.cancelled
    }

    /// What the channel was closed with.
    pub fn cause(&self) -> Option<&Arc<dyn Error + Send + Sync>> {
        self.0.ended.cause.as_ref()
    }
}

impl<T: PartialEq> PartialEq for SendError<T> {
    /// By the message and by how the channel ended; causes are not compared.
    fn eq(&self, other: &Self) -> bool {
        self.0.message == other.0.message && self.0.ended.cancelled == other.0.ended.cancelled
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendError").field(&self.0.ended).finish()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.ended.cancelled {
            "the message was not sent: the channel was cancelled, or its last receiver has gone"
        } else {
            "the message was not sent: the channel is closed for new messages"
        })?;
        self.0.ended.cause.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl<T> Error for SendError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.ended.source()
    }
}

/// A message could not be sent at once.
///
/// ```
/// let (tx, rx) = coscope::channel::channel(1);
/// tx.try_send(1).unwrap();
/// assert!(tx.try_send(2).unwrap_err().is_full());
/// rx.cancel();
/// let error = tx.try_send(3).unwrap_err();
/// assert!(error.is_closed());
/// assert_eq!(error.into_inner(), 3);
/// ```
#[derive(Clone)]
pub enum TrySendError<T> {
    /// There is no room, and no receiver waits.
    Full(T),
    /// The channel has ended.
    Closed(SendError<T>),
}

impl<T> TrySendError<T> {
    /// The message.
    pub fn into_inner(self) -> T {
        match self {
            TrySendError::Full(message) => message,
            TrySendError::Closed(error) => error.into_inner(),
        }
    }

    /// Whether it may succeed later.
    pub fn is_full(&self) -> bool {
        matches!(self, TrySendError::Full(_))
    }

    /// Whether the channel has ended.
    pub fn is_closed(&self) -> bool {
        matches!(self, TrySendError::Closed(_))
    }
}

impl<T: PartialEq> PartialEq for TrySendError<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (TrySendError::Full(a), TrySendError::Full(b)) => a == b,
            (TrySendError::Closed(a), TrySendError::Closed(b)) => a == b,
            _ => false,
        }
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrySendError::Full(_) => f.write_str("Full"),
            TrySendError::Closed(error) => f.debug_tuple("Closed").field(error).finish(),
        }
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrySendError::Full(_) => f.write_str(
                "the message was not sent: the channel is full and no receiver waits; `send` waits for room",
            ),
            TrySendError::Closed(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl<T> Error for TrySendError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            TrySendError::Full(_) => None,
            TrySendError::Closed(error) => error.source(),
        }
    }
}

/// The channel has ended, and everything that was in it has been received or dropped.
///
/// ```
/// let (tx, rx) = coscope::channel::channel::<u32>(1);
/// tx.try_send(1).unwrap();
/// drop(tx);
/// # coscope::run_blocking(async |_: coscope::Scope| {
/// assert_eq!(rx.recv().await, Ok(1));
/// let error = rx.recv().await.unwrap_err();
/// assert!(!error.is_cancelled() && error.cause().is_none());
/// # });
/// ```
#[derive(Clone)]
pub struct RecvError {
    ended: Arc<Ended>,
}

impl RecvError {
    #[cold]
    #[inline(never)]
    pub(super) fn new<M>(channel: &Channel<M>) -> Self {
        RecvError { ended: Ended::of(channel) }
    }

    /// Whether the channel was cancelled; else it was closed, and all has been received.
    pub fn is_cancelled(&self) -> bool {
        self.ended.cancelled
    }

    /// What the channel was closed with.
    pub fn cause(&self) -> Option<&Arc<dyn Error + Send + Sync>> {
        self.ended.cause.as_ref()
    }
}

impl PartialEq for RecvError {
    /// By how the channel ended; causes are not compared.
    fn eq(&self, other: &Self) -> bool {
        self.ended.cancelled == other.ended.cancelled
    }
}

impl fmt::Debug for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecvError").field(&self.ended).finish()
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.ended.cancelled {
            "nothing to receive: the channel was cancelled"
        } else {
            "nothing to receive: the channel is closed, or its last sender has gone, and all has been received"
        })?;
        self.ended.cause.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl Error for RecvError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.ended.source()
    }
}

/// Nothing could be received at once.
///
/// ```
/// let (tx, rx) = coscope::channel::channel::<u32>(1);
/// assert!(rx.try_recv().unwrap_err().is_empty());
/// tx.close();
/// assert!(rx.try_recv().unwrap_err().is_closed());
/// ```
#[derive(Clone, PartialEq)]
pub enum TryRecvError {
    /// Nothing is there yet, and no sender waits.
    Empty,
    /// The channel has ended.
    Closed(RecvError),
}

impl TryRecvError {
    /// Whether something may come later.
    pub fn is_empty(&self) -> bool {
        matches!(self, TryRecvError::Empty)
    }

    /// Whether the channel has ended.
    pub fn is_closed(&self) -> bool {
        matches!(self, TryRecvError::Closed(_))
    }
}

impl fmt::Debug for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => f.write_str("Empty"),
            TryRecvError::Closed(error) => f.debug_tuple("Closed").field(error).finish(),
        }
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => {
                f.write_str("nothing to receive yet: the channel is empty and no sender waits; `recv` waits for a message")
            }
            TryRecvError::Closed(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl Error for TryRecvError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            TryRecvError::Empty => None,
            TryRecvError::Closed(error) => error.source(),
        }
    }
}
