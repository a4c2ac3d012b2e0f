//! [`Mailbox`]: the handle of an actor; [`WeakMailbox`]: one that does not keep it. Imports `error`, `channel`.

use std::fmt;
use std::panic::Location;

use coscope_core::{Job, Join};

use super::error::AskError;
use crate::channel::{OneshotSender, SendError, SendMessage, Sender, TrySendError, WeakSender, oneshot};

/// The handle of an [actor](super::Actors): tells it messages, asks it questions, ends it. Clones are more handles of the same actor;
/// when the last has gone it reads what is in the mailbox and ends.
///
/// ```
/// use coscope::actor::Mailbox;
/// use coscope::channel::Receiver;
/// use coscope::prelude::*;
///
/// async fn greeter(inbox: Receiver<&'static str>) {
///     while let Ok(name) = inbox.recv().await {
///         println!("Hello, {name}!");
///     }
/// }
///
/// run_blocking(async |s: Scope| {
///     let mailbox: Mailbox<&'static str> = s.actor(8, greeter);
///     mailbox.tell("World").await.unwrap();
///     mailbox.stop();
///     assert!(mailbox.tell("nobody").await.is_err());
///     mailbox.join().await;
/// });
/// ```
pub struct Mailbox<M> {
    sender: Sender<M>,
    job: Job,
}

impl<M> Mailbox<M> {
    pub(super) fn new(sender: Sender<M>, job: Job) -> Self {
        Mailbox { sender, job }
    }

    /// Sends a message; waits while the mailbox is full. In a select it is a clause.
    ///
    /// # Errors
    /// The message back, if the actor has ended or takes no more. The cause says why.
    ///
    /// # Cancellation
    /// A tell that is cut has not sent, and its message is dropped with it.
    #[inline]
    #[track_caller]
    pub fn tell(&self, message: M) -> SendMessage<'_, M> {
        self.sender.send(message)
    }

    /// Sends a message if there is room.
    ///
    /// # Errors
    /// The message back, if there is none, or the actor has ended or takes no more.
    pub fn try_tell(&self, message: M) -> Result<(), TrySendError<M>> {
        self.sender.try_send(message)
    }

    /// Sends a question and waits for the answer. `question` makes the message around the way for the answer.
    ///
    /// ```
    /// use coscope::channel::{OneshotSender, Receiver};
    /// use coscope::prelude::*;
    ///
    /// struct Double(u32, OneshotSender<u32>);
    ///
    /// run_blocking(async |s: Scope| {
    ///     let doubler = s.actor(8, async |inbox: Receiver<Double>| {
    ///         while let Ok(Double(x, reply)) = inbox.recv().await {
    ///             let _unwanted = reply.send(2 * x);
    ///         }
    ///     });
    ///     assert_eq!(doubler.ask(|reply| Double(21, reply)).await, Ok(42));
    /// });
    /// ```
    ///
    /// # Errors
    /// If the question was not sent, or was dropped unanswered.
    ///
    /// # Cancellation
    /// Cut while it waits for room, nothing was asked; cut later, the answer is unwanted: `reply.is_closed()`.
    #[track_caller]
    pub fn ask<R>(
        &self,
        question: impl FnOnce(OneshotSender<R>) -> M,
    ) -> impl Future<Output = Result<R, AskError<M>>> {
        let site = Location::caller();
        async move {
            let (reply, answer) = oneshot();
            self.sender.send_at(question(reply), site).await.map_err(AskError::Unsent)?;
            answer.recv_at(site).await.ok_or(AskError::NoReply)
        }
    }

    /// Lets the actor read what is in the mailbox, then end; nothing more is sent. `true` for the first to say so.
    pub fn stop(&self) -> bool {
        self.sender.close()
    }

    /// Cancels the actor and drops what is in the mailbox. `false` if it was being cancelled already, or has ended.
    ///
    /// ```
    /// use coscope::channel::Receiver;
    /// use coscope::prelude::*;
    ///
    /// run_blocking(async |s: Scope| {
    ///     let mailbox = s.actor(8, async |_inbox: Receiver<u32>| std::future::pending().await);
    ///     assert!(mailbox.kill());
    ///     assert!(mailbox.try_tell(1).unwrap_err().is_closed());
    /// });
    /// ```
    pub fn kill(&self) -> bool {
        let first = self.job.cancel("it was killed");
        self.sender.cancel();
        first
    }

    /// Lets go of this handle and waits until the actor has ended, whatever came of it.
    ///
    /// # Cancellation
    /// Safe: a join that is cut waits no more and changes nothing. The handle is gone.
    #[track_caller]
    pub fn join(self) -> Join {
        self.job.join()
    }

    /// A handle that does not keep the actor waiting for messages: for one that tells itself something, or is known to others who
    /// are not to keep it.
    ///
    /// ```
    /// use coscope::channel::Receiver;
    /// use coscope::prelude::*;
    ///
    /// run_blocking(async |s: Scope| {
    ///     let mailbox = s.actor(8, async |inbox: Receiver<u32>| while inbox.recv().await.is_ok() {});
    ///     let weak = mailbox.downgrade();
    ///     weak.upgrade().unwrap().tell(1).await.unwrap();
    ///     mailbox.join().await;
    ///     assert!(weak.upgrade().is_none());
    /// });
    /// ```
    pub fn downgrade(&self) -> WeakMailbox<M> {
        WeakMailbox { sender: self.sender.downgrade(), job: self.job.clone() }
    }

    /// The actor's place in the tree. `stop` on it, or on a job above, is a [`stop`](Self::stop) of the mailbox.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Whether nothing more is sent: it was stopped, or the actor has ended.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// How many messages wait in it.
    pub fn len(&self) -> usize {
        self.sender.len()
    }

    /// Whether no message waits in it.
    pub fn is_empty(&self) -> bool {
        self.sender.is_empty()
    }

    /// How many messages it keeps; `None` if there is no limit.
    pub fn capacity(&self) -> Option<usize> {
        self.sender.capacity()
    }

    /// As [`tell`](Self::tell), from a thread that may block.
    ///
    /// # Errors
    /// As [`tell`](Self::tell).
    pub fn tell_blocking(&self, message: M) -> Result<(), SendError<M>> {
        self.sender.send_blocking(message)
    }
}

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Mailbox { sender: self.sender.clone(), job: self.job.clone() }
    }
}

impl<M> fmt::Debug for Mailbox<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("actor", &self.job).field("sender", &self.sender).finish()
    }
}

/// A handle of an actor that does not keep it: see [`Mailbox::downgrade`].
pub struct WeakMailbox<M> {
    sender: WeakSender<M>,
    job: Job,
}

impl<M> WeakMailbox<M> {
    /// A handle, if there still is one.
    pub fn upgrade(&self) -> Option<Mailbox<M>> {
        self.sender.upgrade().map(|sender| Mailbox { sender, job: self.job.clone() })
    }

    /// The actor's place in the tree.
    pub fn job(&self) -> &Job {
        &self.job
    }
}

impl<M> Clone for WeakMailbox<M> {
    fn clone(&self) -> Self {
        WeakMailbox { sender: self.sender.clone(), job: self.job.clone() }
    }
}

impl<M> fmt::Debug for WeakMailbox<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakMailbox").field("actor", &self.job).finish_non_exhaustive()
    }
}
