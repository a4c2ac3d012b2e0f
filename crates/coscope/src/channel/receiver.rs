//! [`Receiver`] and what it gives. Imports `raw`, `error`, `flavor`.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use coscope_core::primitive::Ordering;
use coscope_core::wait::{Clause, Turn};
use coscope_core::wait_blocking;
use futures_core::Stream;
use pin_project_lite::pin_project;

use super::error::{RecvError, TryRecvError};
use super::raw::{Channel, End, Nothing, Receiving};

/// The receiving end of a [channel](super::channel). Clones are more receivers of the same channel, each message goes to one of
/// them; when the last has gone it is cancelled.
///
/// `while let Ok(message) = rx.recv().await` goes through them. It is a `Stream` as well, which ends when the channel has.
///
/// ```
/// use coscope::channel::channel;
/// use coscope::prelude::*;
/// use futures::StreamExt;
///
/// run_blocking(async |_: Scope| {
///     let (tx, mut rx) = channel(4);
///     (1..=4).for_each(|x| tx.try_send(x).unwrap());
///     drop(tx);
///     assert_eq!(rx.recv().await, Ok(1));
///     assert_eq!(rx.by_ref().map(|x| 10 * x).collect::<Vec<_>>().await, [20, 30, 40]);
///     assert!(rx.recv().await.is_err());
/// });
/// ```
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
    /// Where the stream waits; made at its first wait, and used again.
    waiting: Option<Pin<Box<ReceivingOwned<T>>>>,
}

type ReceivingOwned<T> = Receiving<Arc<Channel<T>>, T>;

impl<T> Receiver<T> {
    pub(super) fn new(channel: Arc<Channel<T>>) -> Self {
        Receiver { channel, waiting: None }
    }

    /// Receives a message, or waits for one. Receivers go in the order in which they came.
    ///
    /// In a select it is the clause "a message has come, or none will".
    ///
    /// ```
    /// use coscope::{channel, run_blocking};
    ///
    /// run_blocking(async |s: coscope::Scope| {
    ///     let (tx, rx) = channel::channel(0);
    ///     s.launch(async move {
    ///         for x in 1..=3 {
    ///             tx.send(x * x).await.unwrap();
    ///         }
    ///     });
    ///     let mut squares = Vec::new();
    ///     while let Ok(square) = rx.recv().await {
    ///         squares.push(square);
    ///     }
    ///     assert_eq!(squares, [1, 4, 9]);
    /// });
    /// ```
    ///
    /// # Errors
    /// If the channel has ended and all has been received.
    ///
    /// # Cancellation
    /// Safe: a message that was handed over and not taken goes to the next receiver, else back to the front.
    #[inline]
    #[track_caller]
    pub fn recv(&self) -> Recv<'_, T> {
        Recv { receiving: Receiving::new(&self.channel, Location::caller()) }
    }

    /// Receives if something is there at once.
    ///
    /// ```
    /// let (tx, rx) = coscope::channel::rendezvous::<u32>();
    /// assert!(rx.try_recv().unwrap_err().is_empty());
    /// drop(tx);
    /// assert!(rx.try_recv().unwrap_err().is_closed());
    /// ```
    ///
    /// # Errors
    /// If nothing is, or the channel has ended.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.channel.try_recv().map_err(|nothing| match nothing {
            Nothing::Yet => TryRecvError::Empty,
            Nothing::Ever => TryRecvError::Closed(RecvError::new(&self.channel)),
        })
    }

    /// Receives on a thread that may block. Not for coroutines: it would keep their thread.
    ///
    /// ```
    /// let (tx, rx) = coscope::channel::channel(1);
    /// let thread = std::thread::spawn(move || rx.recv_blocking());
    /// tx.send_blocking("from a thread").unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok("from a thread"));
    /// ```
    ///
    /// # Errors
    /// If the channel has ended and all has been received.
    pub fn recv_blocking(&self) -> Result<T, RecvError> {
        match self.try_recv() {
            Ok(message) => Ok(message),
            Err(TryRecvError::Closed(error)) => Err(error),
            Err(TryRecvError::Empty) => wait_blocking(self.recv()),
        }
    }

    /// Waits for a message, then receives what is there, `most` at the most. Gives their number: 0 if the channel has
    /// ended, or `most` is 0.
    ///
    /// ```
    /// # coscope::run_blocking(async |_: coscope::Scope| {
    /// let (tx, rx) = coscope::channel::channel(8);
    /// (0..5).for_each(|x| tx.try_send(x).unwrap());
    /// let mut batch = Vec::new();
    /// assert_eq!(rx.recv_many(&mut batch, 3).await, 3);
    /// assert_eq!(batch, [0, 1, 2]);
    /// # });
    /// ```
    ///
    /// # Cancellation
    /// Safe: it takes everything in one step, or nothing.
    #[track_caller]
    pub fn recv_many<'a>(&'a self, into: &'a mut Vec<T>, most: usize) -> RecvMany<'a, T> {
        RecvMany { receiving: Receiving::new(&self.channel, Location::caller()), into, most }
    }

    /// Closes the channel: nothing more is sent, what has been sent, by senders that wait already too, is received. `true`
    /// for the first to end it.
    pub fn close(&self) -> bool {
        self.channel.finish(End::Closed, None)
    }

    /// As [`close`](Self::close), with a cause that senders and receivers find in their errors.
    pub fn close_with(&self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> bool {
        self.channel.finish(End::Closed, Some(cause.into().into()))
    }

    /// Ends the channel at once: what is in it is dropped, senders that wait get their messages back.
    /// `true` for the first to end it.
    pub fn cancel(&self) -> bool {
        self.channel.finish(End::Cancelled, None)
    }

    /// Whether it was closed or cancelled. There may still be messages to receive.
    pub fn is_closed(&self) -> bool {
        self.channel.is_ended()
    }

    /// How many messages wait in it. A message in the hands of a sender that waits is not counted.
    pub fn len(&self) -> usize {
        self.channel.len()
    }

    /// Whether no message waits in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages it keeps; `None` if there is no limit.
    pub fn capacity(&self) -> Option<usize> {
        self.channel.flavor.capacity_or_none()
    }

    /// Whether both receive from the same channel.
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.channel.receivers.fetch_add(1, Ordering::Relaxed);
        Receiver::new(self.channel.clone())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.waiting = None; // what it was handed goes to the next, who may be another receiver
        if self.channel.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.channel.finish(End::Cancelled, None);
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&self.channel).finish()
    }
}

impl<T> Stream for Receiver<T> {
    type Item = T;
    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        let channel = &this.channel;
        this.waiting
            .get_or_insert_with(|| Box::pin(Receiving::new(channel.clone(), Location::caller())))
            .as_mut()
            .poll(cx, |message, _| message)
    }
}

pin_project! {
    /// The future, and the clause, of [`Receiver::recv`].
    #[must_use = "a message is received only when this is awaited"]
    pub struct Recv<'a, T> {
        #[pin]
        receiving: Receiving<&'a Channel<T>, T>,
    }
}

impl<T> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;
    #[inline(always)] // the short way, see `Receiving::poll`
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().receiving.poll(cx, |message, channel| message.ok_or_else(|| RecvError::new(channel)))
    }
}

impl<T> Clause for Recv<'_, T> {
    type Output = Result<T, RecvError>;
    #[inline]
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        self.project().receiving.poll_commit(turn)
    }
    #[inline]
    fn poll_settle(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.project().receiving.settle();
        Poll::Ready(())
    }
    fn take(self: Pin<&mut Self>) -> Self::Output {
        let mut receiving = self.project().receiving;
        receiving.as_mut().won().ok_or_else(|| RecvError::new(receiving.channel()))
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recv").field(self.receiving.channel()).finish()
    }
}

pin_project! {
    /// The future of [`Receiver::recv_many`].
    #[must_use = "messages are received only when this is awaited"]
    pub struct RecvMany<'a, T> {
        #[pin]
        receiving: Receiving<&'a Channel<T>, T>,
        into: &'a mut Vec<T>,
        most: usize,
    }
}

impl<T> Future for RecvMany<'_, T> {
    type Output = usize;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let mut this = self.project();
        if *this.most == 0 {
            return Poll::Ready(0);
        }
        let Some(first) = ready!(this.receiving.as_mut().poll(cx, |message, _| message)) else {
            return Poll::Ready(0);
        };
        this.into.push(first);
        Poll::Ready(1 + this.receiving.channel().try_recv_many(this.into, *this.most - 1))
    }
}

impl<T> fmt::Debug for RecvMany<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecvMany").field(self.receiving.channel()).finish()
    }
}
