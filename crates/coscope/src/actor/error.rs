//! [`AskError`]: why an actor did not answer. Imports `channel`.

use std::error::Error;
use std::fmt;

use crate::channel::SendError;

/// An actor did not answer.
#[derive(Clone, PartialEq)]
pub enum AskError<M> {
    /// The question was not sent: the actor has ended, or takes no more messages. Here it is, its cause within.
    NotSent(SendError<M>),
    /// The question was sent, and the way for the answer was dropped without one.
    NoReply,
}

impl<M> AskError<M> {
    /// Whether the question did not reach the mailbox.
    pub fn is_not_sent(&self) -> bool {
        matches!(self, AskError::NotSent(_))
    }

    /// Whether the question was dropped unanswered.
    pub fn is_no_reply(&self) -> bool {
        matches!(self, AskError::NoReply)
    }

    /// The question, if it was not sent.
    pub fn into_message(self) -> Option<M> {
        match self {
            AskError::NotSent(error) => Some(error.into_inner()),
            AskError::NoReply => None,
        }
    }
}

impl<M> fmt::Debug for AskError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AskError::NotSent(error) => f.debug_tuple("NotSent").field(error).finish(),
            AskError::NoReply => f.write_str("NoReply"),
        }
    }
}

impl<M> fmt::Display for AskError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AskError::NotSent(error) => write!(f, "the actor was not asked: {error}"),
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
            AskError::NotSent(error) => error.source(),
            AskError::NoReply => None,
        }
    }
}
