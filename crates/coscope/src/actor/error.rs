//! [`AskError`]: why an actor did not answer. Imports `channel`.

use std::error::Error;
use std::fmt;

use crate::channel::SendError;

/// An actor did not answer.
///
/// ```
/// use coscope::channel::{OneshotSender, Receiver};
/// use coscope::prelude::*;
///
/// type Question = OneshotSender<u32>;
///
/// run_blocking(async |s: Scope| {
///     let silent = s.actor(8, async |inbox: Receiver<Question>| {
///         let question = inbox.recv().await.unwrap();
///         drop(question); // unanswered; and this was all
///     });
///     assert!(silent.ask(|reply| reply).await.unwrap_err().is_no_reply());
///     silent.job().join().await;
///     let error = silent.ask(|reply| reply).await.unwrap_err();
///     assert!(error.is_unsent());
///     assert!(error.to_string().contains("has returned"));
/// });
/// ```
#[derive(Clone)]
pub enum AskError<M> {
    /// The question was not sent: the actor has ended, or takes no more messages. Here it is, its cause within.
    Unsent(SendError<M>),
    /// The question was sent, and the way for the answer was dropped without one.
    NoReply,
}

impl<M> AskError<M> {
    /// Whether the question did not reach the mailbox.
    pub fn is_unsent(&self) -> bool {
        matches!(self, AskError::Unsent(_))
    }

    /// Whether the question was dropped unanswered.
    pub fn is_no_reply(&self) -> bool {
        matches!(self, AskError::NoReply)
    }

    /// The question, if it was not sent.
    pub fn into_message(self) -> Option<M> {
        match self {
            AskError::Unsent(error) => Some(error.into_inner()),
            AskError::NoReply => None,
        }
    }
}

impl<M> PartialEq for AskError<M> {
    /// By their kind; questions and causes are not compared.
    fn eq(&self, other: &Self) -> bool {
        self.is_unsent() == other.is_unsent()
    }
}

impl<M> fmt::Debug for AskError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AskError::Unsent(error) => f.debug_tuple("Unsent").field(error).finish(),
            AskError::NoReply => f.write_str("NoReply"),
        }
    }
}

impl<M> fmt::Display for AskError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AskError::Unsent(error) => write!(f, "the actor was not asked: {error}"),
            AskError::NoReply => f.write_str(
                "the actor did not answer: it dropped the question, because it failed on it, was killed, or never sends to \
                 the `OneshotSender` in the message",
            ),
        }
    }
}

impl<M> Error for AskError<M> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            AskError::Unsent(error) => error.source(),
            AskError::NoReply => None,
        }
    }
}
