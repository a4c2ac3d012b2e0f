//! [`Actors`]: coroutines that receive. Imports `launching`, `ending`, `lives`, `mailbox`, `supervision`, `channel`.

use std::fmt::Debug;
use std::future::Future;

use coscope_core::Job;

use super::ending::{Body, Held};
use super::launching::{Launching, TryLaunching};
use super::lives::{live_on, live_or_fail};
use super::mailbox::Mailbox;
use super::supervision::{Backoff, Supervision};
use crate::channel::{Capacity, Receiver, Sender, channel};

/// Launches actors. On every scope whose children are `Send`, and on every launch on one.
pub trait Actors: Launching {
    /// Launches a child that receives: `body` is given the receiver of a channel of that capacity, its mailbox, the caller has the
    /// handle. State is what the body has in its variables; nobody else sees it, and nothing need be locked.
    ///
    /// ```
    /// use coscope::channel::{OneshotSender, Receiver};
    /// use coscope::prelude::*;
    ///
    /// enum Counter {
    ///     Increment,
    ///     Get(OneshotSender<u32>),
    /// }
    ///
    /// async fn counter(inbox: Receiver<Counter>) {
    ///     let mut count = 0;
    ///     while let Ok(message) = inbox.recv().await {
    ///         match message {
    ///             Counter::Increment => count += 1,
    ///             Counter::Get(reply) => drop(reply.send(count)),
    ///         }
    ///     }
    /// }
    ///
    /// run_blocking(async |s: Scope| {
    ///     let mailbox = s.actor(64, counter);
    ///     for _ in 0..10 {
    ///         mailbox.tell(Counter::Increment).await.unwrap();
    ///     }
    ///     assert_eq!(mailbox.ask(Counter::Get).await, Ok(10));
    /// }); // no handle is left: the actor has read all and ended
    /// ```
    ///
    /// A panic fails the scope; who tells or asks it something then gets the message back, with an
    /// [`Ending`](super::Ending) as the cause. The same if it returns: what is left in the mailbox is dropped.
    ///
    /// # Cancellation
    /// A scope that is cancelled cancels its actors, and what is in their mailboxes is dropped. To let them read it first:
    /// [`Mailbox::stop`], or `stop` on a job above.
    #[track_caller]
    fn actor<M, F, Fut>(self, capacity: impl Into<Capacity>, body: F) -> Mailbox<M>
    where
        M: Send + 'static,
        F: FnOnce(Receiver<M>) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let (tx, rx) = channel(capacity);
        let held = Held::Receiver(rx.clone());
        let job = self.launch_it(Body::new(held, body(rx)));
        mailbox(tx, job)
    }

    /// As [`actor`](Self::actor), for a body that may fail; its error fails the scope.
    ///
    /// # Cancellation
    /// As [`actor`](Self::actor).
    #[track_caller]
    fn try_actor<M, F, Fut, E1>(self, capacity: impl Into<Capacity>, body: F) -> Mailbox<M>
    where
        Self: TryLaunching<E1>,
        M: Send + 'static,
        F: FnOnce(Receiver<M>) -> Fut,
        Fut: Future<Output = Result<(), E1>> + Send + 'static,
    {
        let (tx, rx) = channel(capacity);
        let held = Held::Receiver(rx.clone());
        let job = self.try_launch_it(Body::new(held, body(rx)));
        mailbox(tx, job)
    }

    /// As [`actor`](Self::actor), for one that fails alone. `body` is called for each beginning, and so makes the state anew; the
    /// mailbox stays, and fills while the actor waits to begin. The message on which it failed is dropped with the state. Failures go to
    /// the [`FailureHandler`](coscope_core::FailureHandler); only a panic of `body` itself, before there is a future, fails the
    /// scope.
    ///
    /// ```
    /// use coscope::actor::{Backoff, Supervision};
    /// use coscope::channel::Receiver;
    /// use coscope::prelude::*;
    /// use std::time::Duration;
    ///
    /// async fn parser(inbox: Receiver<&'static str>) -> Result<(), std::num::ParseIntError> {
    ///     while let Ok(text) = inbox.recv().await {
    ///         let _number: u32 = text.parse()?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// run_blocking(async |s: Scope| {
    ///     let backoff = Backoff::new(Duration::from_millis(1), Duration::from_secs(1));
    ///     let quiet = FailureHandler::new(|_| {});
    ///     let mailbox = s.on(quiet).supervised_actor(8, Supervision::Restart(backoff), parser);
    ///     mailbox.tell("not a number").await.unwrap();
    ///     mailbox.tell("7").await.unwrap();
    /// }); // it has failed, begun anew, read the rest, and ended
    /// ```
    ///
    /// # Cancellation
    /// As [`actor`](Self::actor); also while it waits to begin anew.
    #[track_caller]
    fn supervised_actor<M, F, Fut, E>(
        self,
        capacity: impl Into<Capacity>,
        supervision: Supervision,
        body: F,
    ) -> Mailbox<M>
    where
        M: Send + 'static,
        F: FnMut(Receiver<M>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Debug + Send + 'static,
    {
        let (tx, rx) = channel(capacity);
        let held = Held::Receiver(rx.clone());
        let supervised = Body::new(held, live_on(supervision, rx, body));
        let job = self.launch_it(async { drop(supervised.await) }); // whom it concerns has been told
        mailbox(tx, job)
    }

    /// As [`supervised_actor`](Self::supervised_actor) that begins anew, until it has failed more often in a row than
    /// [`Backoff::at_most`] says: then what it failed with last fails the scope. What it failed with before goes to the
    /// [`FailureHandler`](coscope_core::FailureHandler).
    ///
    /// ```
    /// use coscope::actor::Backoff;
    /// use coscope::channel::Receiver;
    /// use coscope::prelude::*;
    /// use std::num::ParseIntError;
    /// use std::time::Duration;
    ///
    /// async fn parser(inbox: Receiver<&'static str>) -> Result<(), ParseIntError> {
    ///     while let Ok(text) = inbox.recv().await {
    ///         let _number: u32 = text.parse()?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let all: Result<(), ParseIntError> = try_run_blocking(async |s| {
    ///     let backoff = Backoff::new(Duration::from_millis(1), Duration::from_secs(1)).at_most(1);
    ///     let quiet = FailureHandler::new(|_| {});
    ///     let mailbox = s.on(quiet).try_supervised_actor(8, backoff, parser);
    ///     let _ = mailbox.tell("one").await; // begins anew
    ///     let _ = mailbox.tell("two").await; // once too often
    ///     Ok(())
    /// });
    /// assert!(all.is_err());
    /// ```
    ///
    /// # Cancellation
    /// As [`actor`](Self::actor); also while it waits to begin anew.
    #[track_caller]
    fn try_supervised_actor<M, F, Fut, E1>(
        self,
        capacity: impl Into<Capacity>,
        backoff: Backoff,
        body: F,
    ) -> Mailbox<M>
    where
        Self: TryLaunching<E1>,
        M: Send + 'static,
        F: FnMut(Receiver<M>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E1>> + Send + 'static,
        E1: Debug + Send + 'static,
    {
        let (tx, rx) = channel(capacity);
        let held = Held::Receiver(rx.clone());
        let job = self.try_launch_it(Body::new(held, live_or_fail(backoff, rx, body)));
        mailbox(tx, job)
    }
}

impl<L: Launching> Actors for L {}

/// To stop the job is to stop the mailbox.
fn mailbox<M: Send + 'static>(sender: Sender<M>, job: Job) -> Mailbox<M> {
    let weak = sender.downgrade();
    job.on_stop(move || {
        if let Some(sender) = weak.upgrade() {
            sender.close();
        }
    });
    Mailbox::new(sender, job)
}
