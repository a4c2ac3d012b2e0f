//! [`Produce`]: coroutines that send, and [`Produced`], where that is received. Imports `launching`, `ending`, `channel`.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use coscope_core::time::Instant;
use coscope_core::{Interval, Job};
use futures_core::Stream;

use super::ending::{Body, Held};
use super::launching::{Launching, TryLaunching};
use crate::channel::{Capacity, Receiver, Sender, channel};

/// Launches producers. On every scope whose children are `Send`, and on every launch on one.
pub trait Produce: Launching {
    /// Launches a child that sends: `body` is given the sender of a channel of that capacity, the caller has its receiver.
    /// When the body returns the channel closes.
    ///
    /// ```
    /// use coscope::{channel::Sender, prelude::*};
    ///
    /// run_blocking(async |s: Scope| {
    ///     let numbers = s.produce(0, async |to: Sender<u32>| {
    ///         for x in 1.. {
    ///             if to.send(x).await.is_err() {
    ///                 break;
    ///             }
    ///         }
    ///     });
    ///     assert_eq!(numbers.recv().await, Ok(1));
    ///     assert_eq!(numbers.recv().await, Ok(2));
    /// }); // nobody receives any more: the producer has been cancelled
    /// ```
    ///
    /// A panic fails the scope; whoever receives gets what was sent before, then an error whose cause is an
    /// [`Ending`](super::Ending).
    ///
    /// # Cancellation
    /// When the last [`Produced`] goes, or is cancelled, the producer is cancelled with it, wherever it waits; a send
    /// in a step that runs just then fails with a [`SendError`](crate::channel::SendError). When the producer is
    /// cancelled first, what it has sent can be received, then an error that says so.
    #[track_caller]
    fn produce<T, F, Fut>(self, capacity: impl Into<Capacity>, body: F) -> Produced<T>
    where
        T: Send + 'static,
        F: FnOnce(Sender<T>) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let (tx, rx) = channel(capacity);
        let held = Held::Sender(tx.downgrade());
        Produced::new(rx, self.launch_it(Body::new(held, body(tx))))
    }

    /// As [`produce`](Self::produce), for a body that may fail; its error fails the scope.
    ///
    /// ```
    /// use coscope::{channel::{SendError, Sender}, prelude::*};
    ///
    /// let failed: Result<(), String> = try_run_blocking(async |s: Scope<String>| {
    ///     let lines = s.try_produce(0, async |to: Sender<u32>| {
    ///         to.send(1).await.map_err(|gone| gone.to_string())?;
    ///         Err("the disk is full".to_owned())
    ///     });
    ///     while let Ok(_line) = lines.recv().await {}
    ///     Ok(())
    /// });
    /// assert_eq!(failed, Err("the disk is full".to_owned()));
    /// ```
    ///
    /// # Cancellation
    /// As [`produce`](Self::produce).
    #[track_caller]
    fn try_produce<T, F, Fut, E1>(self, capacity: impl Into<Capacity>, body: F) -> Produced<T>
    where
        Self: TryLaunching<E1>,
        T: Send + 'static,
        F: FnOnce(Sender<T>) -> Fut,
        Fut: Future<Output = Result<(), E1>> + Send + 'static,
    {
        let (tx, rx) = channel(capacity);
        let held = Held::Sender(tx.downgrade());
        Produced::new(rx, self.try_launch_it(Body::new(held, body(tx))))
    }

    /// Launches a child that sends the ticks of an [`interval`](coscope_core::interval()), each as the instant at which it was due.
    /// With capacity 0 whoever is late gets the tick that stands at the door, and at once the one after it if that is overdue by
    /// then. At a fixed rate those missed in between are skipped and the rate is kept; with a fixed pause the next is due a period
    /// after the last. A conflated ticker keeps the latest.
    ///
    /// ```
    /// use coscope::prelude::*;
    /// use std::time::Duration;
    ///
    /// run_blocking(async |s: Scope| {
    ///     let ticks = s.ticker(0, interval(Duration::from_millis(1)));
    ///     let first = ticks.recv().await.unwrap();
    ///     assert!(ticks.recv().await.unwrap() > first);
    /// });
    /// ```
    ///
    /// # Cancellation
    /// As [`produce`](Self::produce).
    #[track_caller]
    fn ticker(self, capacity: impl Into<Capacity>, interval: Interval) -> Produced<Instant> {
        let mut interval = interval;
        self.produce(capacity, |to: Sender<Instant>| async move {
            while to.send(interval.tick().await).await.is_ok() {}
        })
    }
}

impl<L: Launching> Produce for L {}

/// The receiving end of a producer's channel: a [`Receiver`] that the producer lives by. Clones receive from the same producer;
/// when the last has gone, it is cancelled.
///
/// A `Stream` as well, which ends when the channel has.
///
/// ```
/// use coscope::channel::Sender;
/// use coscope::prelude::*;
///
/// run_blocking(async |s: Scope| {
///     let numbers = s.produce(0, async |to: Sender<u32>| {
///         for x in 1.. {
///             to.send(x).await.unwrap();
///         }
///     });
///     assert_eq!((numbers.recv().await, numbers.recv().await), (Ok(1), Ok(2)));
///     numbers.cancel(); // or let it go
/// });
/// ```
#[must_use = "a producer is cancelled when nobody can receive what it sends"]
pub struct Produced<T> {
    receiver: Receiver<T>,
    producer: Arc<Producer>,
}

/// Cancels the producer when nobody is left to receive.
struct Producer(Job);

impl Drop for Producer {
    fn drop(&mut self) {
        self.0.cancel("nobody receives what it produces any more");
    }
}

impl<T> Produced<T> {
    fn new(receiver: Receiver<T>, job: Job) -> Self {
        Produced { receiver, producer: Arc::new(Producer(job)) }
    }

    /// The producer.
    pub fn job(&self) -> &Job {
        &self.producer.0
    }

    /// Ends both: what is in the channel is dropped, the producer is cancelled. `true` for the first to end the channel.
    pub fn cancel(&self) -> bool {
        let first = self.receiver.cancel();
        self.producer.0.cancel("what it produces was cancelled");
        first
    }
}

impl<T> Deref for Produced<T> {
    type Target = Receiver<T>;
    fn deref(&self) -> &Receiver<T> {
        &self.receiver
    }
}

impl<T> Clone for Produced<T> {
    fn clone(&self) -> Self {
        Produced { receiver: self.receiver.clone(), producer: self.producer.clone() }
    }
}

impl<T> Stream for Produced<T> {
    type Item = T;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.receiver).poll_next(cx)
    }
}

impl<T> fmt::Debug for Produced<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Produced").field("producer", self.job()).field("receiver", &self.receiver).finish()
    }
}
