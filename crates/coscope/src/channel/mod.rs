//! Channels: messages from coroutine to coroutine, many senders to many receivers.
//!
//! | flavor | made by | keeps | a sender without room |
//! |---|---|---|---|
//! | rendezvous | `channel(0)` | nothing: both meet | waits for a receiver |
//! | buffered | `channel(n)` | n messages | waits, or see [`Overflow`] |
//! | unlimited | [`unlimited`] | all | – |
//! | conflated | [`conflated`] | the latest | replaces it |
//!
//! Senders and receivers are served in the order in which they come. Every message is delivered once or dropped once; errors hand it
//! back. The last sender to go closes a channel behind what is in it, the last receiver cancels it. One message, once, is
//! for a [`oneshot`](oneshot()).
//!
//! * [`flavor`] – how much is kept, and what when that is full.
//! * `raw` – lock, ring, queues and slots; the protocol is in [`protocol.md`](https://github.com/coscope/coscope/blob/main/crates/coscope/src/channel/protocol.md).
//! * [`error`] – why not, with the message.
//! * [`sender`], [`receiver`] – the faces.
//! * [`oneshot`](mod@oneshot) – one message.
//!
//! May import `coscope-core`.

mod flavor;
#[allow(unsafe_code)]
mod raw;
mod error;
mod sender;
mod receiver;
mod oneshot;

pub use error::{RecvError, SendError, TryRecvError, TrySendError};
pub use flavor::{Capacity, Overflow};
pub use oneshot::{OneshotReceiver, OneshotRecv, OneshotSender, oneshot};
pub use receiver::{Receiver, Recv, RecvMany};
pub use sender::{Permit, Reserve, SendMessage, Sender, WeakSender};

use flavor::Flavor;
use raw::Channel;

/// A channel of that capacity: a number of messages, 0 for a rendezvous, or a [`Capacity`]. Senders without room wait.
///
/// ```
/// use coscope::channel::{Capacity, channel};
///
/// let (tx, rx) = channel(Capacity::Buffered(2));
/// tx.try_send(1).unwrap();
/// tx.try_send(2).unwrap();
/// assert_eq!(tx.try_send(3).unwrap_err().into_inner(), 3);
/// drop(tx);
/// assert_eq!(rx.try_recv(), Ok(1));
/// assert_eq!(rx.try_recv(), Ok(2));
/// assert!(rx.try_recv().unwrap_err().is_closed());
/// ```
#[must_use]
pub fn channel<T>(capacity: impl Into<Capacity>) -> (Sender<T>, Receiver<T>) {
    make(Flavor::new(capacity.into(), None))
}

/// As [`channel`], with what is to happen to a message for which there is no room. To drop one, at least one must be
/// kept: a rendezvous then keeps one.
///
/// ```
/// use coscope::channel::{Overflow, channel_with};
///
/// let (tx, rx) = channel_with(2, Overflow::DropOldest);
/// (1..=5).for_each(|x| tx.try_send(x).unwrap());
/// assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(4), Ok(5)));
/// ```
///
/// # Panics
/// If it is conflated with another overflow than the one that makes it so.
#[must_use]
#[track_caller]
pub fn channel_with<T>(capacity: impl Into<Capacity>, overflow: Overflow) -> (Sender<T>, Receiver<T>) {
    make(Flavor::new(capacity.into(), Some(overflow)))
}

/// A channel that keeps all messages: sending never waits.
///
/// ```
/// let (tx, rx) = coscope::channel::unlimited();
/// (0..100_000).for_each(|x| tx.try_send(x).unwrap());
/// assert_eq!((rx.len(), rx.capacity()), (100_000, None));
/// ```
#[must_use]
pub fn unlimited<T>() -> (Sender<T>, Receiver<T>) {
    channel(Capacity::Unlimited)
}

/// A channel that keeps the latest message: sending never waits.
///
/// ```
/// let (tx, rx) = coscope::channel::conflated();
/// (1..=3).for_each(|x| tx.try_send(x).unwrap());
/// assert_eq!(rx.try_recv(), Ok(3));
/// ```
#[must_use]
pub fn conflated<T>() -> (Sender<T>, Receiver<T>) {
    channel(Capacity::Conflated)
}

/// A channel on which sender and receiver meet: `channel(0)`.
///
/// ```
/// let (tx, rx) = coscope::channel::rendezvous();
/// assert!(tx.try_send(1).is_err()); // nobody is there
/// coscope::run_blocking(async |s: coscope::Scope| {
///     s.launch(async move { assert_eq!(rx.recv().await, Ok(1)) });
///     tx.send(1).await.unwrap();
/// });
/// ```
#[must_use]
pub fn rendezvous<T>() -> (Sender<T>, Receiver<T>) {
    channel(Capacity::Rendezvous)
}

fn make<T>(flavor: Flavor) -> (Sender<T>, Receiver<T>) {
    let channel = Channel::new(flavor);
    (Sender::new(channel.clone()), Receiver::new(channel))
}
