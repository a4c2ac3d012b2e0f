//! Coroutines with a channel of their own: a producer has the sending end of it, an actor the receiving end.
//!
//! | made by | gives | ends when |
//! |---|---|---|
//! | [`produce`](Produce::produce), [`try_produce`](Produce::try_produce) | [`Produced`], from which all is received | its body returns, or nobody receives any more |
//! | [`ticker`](Produce::ticker) | [`Produced`] instants | nobody receives any more |
//! | [`actor`](Actors::actor), [`try_actor`](Actors::try_actor), [`supervised_actor`](Actors::supervised_actor), [`try_supervised_actor`](Actors::try_supervised_actor) | [`Mailbox`], to tell and to ask | nobody can tell it anything any more, and it has read all |
//!
//! Both are children of the scope on which they are made, or of a launch on it: `s.on(dispatcher).named("numbers").produce(…)`.
//! What they fail with fails the scope, and stands as the cause in the errors of those at the other end of the channel.
//!
//! * [`launching`] – where they can be launched.
//! * [`ending`] – the body of one, and what its channel is told at the end.
//! * [`produce`] – producers and tickers.
//! * [`mailbox`], [`error`] – the face of an actor, and why it did not answer.
//! * [`supervision`] – what becomes of an actor that fails.
//! * [`lives`] – one life of a supervised actor after the other.
//! * [`actors`] – actors.
//!
//! May import `coscope-core` and `channel`.

mod launching;
mod ending;
mod produce;
mod error;
mod mailbox;
mod supervision;
mod lives;
mod actors;

pub use actors::Actors;
pub use ending::{Ended, Ending};
pub use error::AskError;
pub use launching::{Launching, TryLaunching};
pub use mailbox::{Mailbox, WeakMailbox};
pub use produce::{Produce, Produced};
pub use supervision::{Backoff, Supervision};
