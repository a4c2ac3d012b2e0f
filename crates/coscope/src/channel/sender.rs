//! [`Sender`] and what it gives. Imports `raw`, `error`, `flavor`.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use coscope_core::primitive::Ordering;
use coscope_core::wait::{Clause, Turn};
use coscope_core::wait_blocking;
use pin_project_lite::pin_project;

use super::error::{SendError, TrySendError};
use super::raw::{Channel, End, Refusal, Reserving, SendingMessage};

/// The sending end of a [channel](super::channel). Clones are more senders of the same channel; when the last has
/// gone it closes.
///
/// ```
/// use coscope::channel::{Sender, channel};
/// use coscope::prelude::*;
///
/// async fn count(from: u32, to: Sender<u32>) {
///     for x in from..from + 10 {
///         to.send(x).await.unwrap();
///     }
/// }
///
/// run_blocking(async |s: Scope| {
///     let (tx, rx) = channel(4);
///     s.launch(count(0, tx.clone()));
///     s.launch(count(10, tx));
///     let mut sum = 0;
///     while let Ok(x) = rx.recv().await {
///         sum += x;
///     }
///     assert_eq!(sum, (0..20).sum());
/// });
/// ```
pub struct Sender<T>(Arc<Channel<T>>);

impl<T> Sender<T> {
    pub(super) fn new(channel: Arc<Channel<T>>) -> Self {
        Sender(channel)
    }

    /// Sends a message: waits for room, in a rendezvous for a receiver. Senders go in the order in which they
    /// came.
    ///
    /// In a select it is the clause "the message has been sent".
    ///
    /// ```
    /// use coscope::{channel, run_blocking};
    ///
    /// run_blocking(async |s: coscope::Scope| {
    ///     let (tx, rx) = channel::channel(0);
    ///     s.launch(async move { tx.send("ball").await.unwrap() });
    ///     assert_eq!(rx.recv().await, Ok("ball"));
    /// });
    /// ```
    ///
    /// # Errors
    /// The message back, if the channel has ended.
    ///
    /// # Cancellation
    /// A send that is cut has not sent, and its message is dropped with it. For one that must not be: [`reserve`](Self::reserve)
    /// a place first.
    #[inline]
    #[track_caller]
    pub fn send(&self, message: T) -> SendMessage<'_, T> {
        self.send_at(message, Location::caller())
    }

    #[inline]
    pub(crate) fn send_at(&self, message: T, site: &'static Location<'static>) -> SendMessage<'_, T> {
        SendMessage { sending: SendingMessage::new(&self.0, message, site) }
    }

    /// Sends if that is possible at once.
    ///
    /// ```
    /// let (tx, rx) = coscope::channel::channel(1);
    /// assert!(tx.try_send("in").is_ok());
    /// assert!(tx.try_send("no room").is_err());
    /// assert_eq!(rx.try_recv(), Ok("in"));
    /// ```
    ///
    /// # Errors
    /// The message back, if there is no room and no receiver waits, or the channel has ended.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.0.try_send(message).map_err(|(why, message)| match why {
            Refusal::Full => TrySendError::Full(message),
            Refusal::Ended => TrySendError::Closed(SendError::new(message, &self.0)),
        })
    }

    /// Sends from a thread that may block. Not for coroutines: it would keep their thread.
    ///
    /// ```
    /// let (tx, rx) = coscope::channel::channel(0);
    /// let sender = std::thread::spawn(move || tx.send_blocking(42));
    /// assert_eq!(rx.recv_blocking(), Ok(42));
    /// sender.join().unwrap().unwrap();
    /// ```
    ///
    /// # Errors
    /// The message back, if the channel has ended.
    pub fn send_blocking(&self, message: T) -> Result<(), SendError<T>> {
        match self.try_send(message) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(error)) => Err(error),
            Err(TrySendError::Full(message)) => wait_blocking(self.send(message)),
        }
    }

    /// Waits for a place, which is then the caller's: sending to it does not wait. For messages that must not be dropped
    /// by a cancelled send, and for those that are costly to make.
    ///
    /// In a rendezvous there is a place, one at a time, when a receiver waits. Should that one go before the message
    /// comes, the message waits for the next.
    ///
    /// ```
    /// use coscope::{channel, run_blocking};
    ///
    /// run_blocking(async |_: coscope::Scope| {
    ///     let (tx, rx) = channel::channel(1);
    ///     let place = tx.reserve().await.unwrap();
    ///     assert!(tx.try_send("another").unwrap_err().is_full());
    ///     place.send("message").unwrap();
    ///     assert_eq!(rx.recv().await, Ok("message"));
    /// });
    /// ```
    ///
    /// # Errors
    /// If the channel has ended.
    ///
    /// # Cancellation
    /// Safe: a place that was granted and not taken goes to the next sender.
    #[track_caller]
    pub fn reserve(&self) -> Reserve<'_, T> {
        Reserve { sending: Reserving::new(&self.0, Location::caller()) }
    }

    /// A place, if there is one at once.
    ///
    /// ```
    /// let (tx, rx) = coscope::channel::channel(1);
    /// let place = tx.try_reserve().unwrap();
    /// assert!(tx.try_send(1).is_err()); // it is taken
    /// place.send(2).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(2));
    /// ```
    ///
    /// # Errors
    /// If there is none, or the channel has ended.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.0.try_reserve().map(|()| Permit(Some(&self.0))).map_err(|why| match why {
            Refusal::Full => TrySendError::Full(()),
            Refusal::Ended => TrySendError::Closed(SendError::new((), &self.0)),
        })
    }

    /// Closes the channel: nothing more is sent, what has been sent, by senders that wait already too, is received. `true`
    /// for the first to end it.
    ///
    /// ```
    /// let (tx, rx) = coscope::channel::channel(2);
    /// tx.try_send(1).unwrap();
    /// assert!(tx.close());
    /// assert!(tx.try_send(2).is_err());
    /// assert_eq!(rx.try_recv(), Ok(1)); // what was sent before
    /// assert!(rx.try_recv().unwrap_err().is_closed());
    /// ```
    pub fn close(&self) -> bool {
        self.0.finish(End::Closed, None)
    }

    /// As [`close`](Self::close), with a cause that senders and receivers find in their errors.
    ///
    /// ```
    /// let (tx, rx) = coscope::channel::channel::<u32>(2);
    /// tx.close_with("the file has ended");
    /// # coscope::run_blocking(async |_: coscope::Scope| {
    /// let error = rx.recv().await.unwrap_err();
    /// assert_eq!(error.cause().unwrap().to_string(), "the file has ended");
    /// # });
    /// ```
    pub fn close_with(&self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> bool {
        self.0.finish(End::Closed, Some(cause.into().into()))
    }

    /// Ends the channel at once: what is in it is dropped, senders that wait get their messages back.
    /// `true` for the first to end it.
    ///
    /// ```
    /// let (tx, rx) = coscope::channel::channel(2);
    /// tx.try_send(1).unwrap();
    /// assert!(tx.cancel());
    /// assert!(rx.try_recv().unwrap_err().is_closed()); // the 1 is gone
    /// ```
    pub fn cancel(&self) -> bool {
        self.0.finish(End::Cancelled, None)
    }

    /// Whether it was closed or cancelled.
    pub fn is_closed(&self) -> bool {
        self.0.is_ended()
    }

    /// How many messages wait in it. A message in the hands of a sender that waits is not counted.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no message waits in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages it keeps; `None` if there is no limit.
    pub fn capacity(&self) -> Option<usize> {
        self.0.flavor.capacity_or_none()
    }

    /// A handle that does not keep the channel open.
    ///
    /// ```
    /// let (tx, rx) = coscope::channel::channel(2);
    /// let weak = tx.downgrade();
    /// weak.upgrade().unwrap().try_send(1).unwrap();
    /// drop(tx); // the last: the channel closes
    /// assert!(weak.upgrade().is_none());
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// assert!(rx.is_closed());
    /// ```
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender(self.0.clone())
    }

    /// Whether both send into the same channel.
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.senders.fetch_add(1, Ordering::Relaxed);
        Sender(self.0.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.0.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.finish(End::Closed, None);
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.0).finish()
    }
}

/// A sender that does not keep the channel open; see [`Sender::downgrade`].
///
/// ```
/// use coscope::channel::{Sender, WeakSender, channel};
///
/// let (tx, _rx) = channel::<u32>(1);
/// let weak: WeakSender<u32> = tx.downgrade();
/// let again: Option<Sender<u32>> = weak.upgrade();
/// assert!(again.unwrap().same_channel(&tx));
/// ```
pub struct WeakSender<T>(Arc<Channel<T>>);

impl<T> WeakSender<T> {
    /// A sender, if there still is one. If not, the channel is closed.
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let mut count = self.0.senders.load(Ordering::Relaxed);
        while count != 0 {
            match self.0.senders.compare_exchange_weak(count, count + 1, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return Some(Sender(self.0.clone())),
                Err(now) => count = now,
            }
        }
        self.0.finish(End::Closed, None); // the last one may be about to
        None
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        WeakSender(self.0.clone())
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WeakSender").field(&self.0).finish()
    }
}

pin_project! {
    /// The future, and the clause, of [`Sender::send`].
    #[must_use = "a message is sent only when this is awaited"]
    pub struct SendMessage<'a, T> {
        #[pin]
        sending: SendingMessage<&'a Channel<T>, T>,
    }
}

impl<T> SendMessage<'_, T> {
    #[inline]
    fn result(sending: &SendingMessage<&Channel<T>, T>, sent: bool) -> Result<(), SendError<T>> {
        if sent { Ok(()) } else { Err(SendError::new(sending.take_back(), sending.channel())) }
    }
}

impl<T> Future for SendMessage<'_, T> {
    type Output = Result<(), SendError<T>>;
    #[inline(always)] // the short way, see `SendingMessage::poll`
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().sending.poll(cx, Self::result)
    }
}

impl<T> Clause for SendMessage<'_, T> {
    type Output = Result<(), SendError<T>>;
    #[inline]
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        self.project().sending.poll_commit(turn)
    }
    #[inline]
    fn poll_settle(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.project().sending.settle();
        Poll::Ready(())
    }
    fn take(self: Pin<&mut Self>) -> Self::Output {
        Self::result(&self.sending, self.sending.won())
    }
}

impl<T> fmt::Debug for SendMessage<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendMessage").field(self.sending.channel()).finish()
    }
}

pin_project! {
    /// The future, and the clause, of [`Sender::reserve`].
    #[must_use = "a place is asked for only when this is awaited"]
    pub struct Reserve<'a, T> {
        #[pin]
        sending: Reserving<&'a Channel<T>, T>,
    }
}

impl<'a, T> Reserve<'a, T> {
    fn result(sending: &Reserving<&'a Channel<T>, T>, granted: bool) -> Result<Permit<'a, T>, SendError<()>> {
        let channel = *sending.channel();
        if granted {
            sending.keep_place();
            Ok(Permit(Some(channel)))
        } else {
            Err(SendError::new((), channel))
        }
    }
}

impl<'a, T> Future for Reserve<'a, T> {
    type Output = Result<Permit<'a, T>, SendError<()>>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().sending.poll(cx, Self::result)
    }
}

impl<'a, T> Clause for Reserve<'a, T> {
    type Output = Result<Permit<'a, T>, SendError<()>>;
    #[inline]
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        self.project().sending.poll_commit(turn)
    }
    #[inline]
    fn poll_settle(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.project().sending.settle();
        Poll::Ready(())
    }
    fn take(self: Pin<&mut Self>) -> Self::Output {
        Self::result(&self.sending, self.sending.won())
    }
}

impl<T> fmt::Debug for Reserve<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reserve").field(self.sending.channel()).finish()
    }
}

/// A place in a channel for one message; see [`Sender::reserve`]. Dropped, it is given to the next sender.
///
/// ```
/// let (tx, rx) = coscope::channel::channel(1);
/// drop(tx.try_reserve().unwrap()); // not used
/// assert!(tx.try_send(1).is_ok());
/// assert_eq!(rx.len(), 1);
/// ```
#[must_use = "a place that nobody uses keeps others waiting"]
pub struct Permit<'a, T>(Option<&'a Channel<T>>);

impl<T> Permit<'_, T> {
    /// Sends a message to the place, without waiting; also after the channel was closed.
    ///
    /// # Errors
    /// The message back, if the channel was cancelled meanwhile.
    pub fn send(mut self, message: T) -> Result<(), SendError<T>> {
        let channel = self.0.take().expect("a place is used once");
        channel.send_reserved(message).map_err(|message| SendError::new(message, channel))
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        if let Some(channel) = self.0 {
            channel.release_place();
        }
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.0).finish()
    }
}
