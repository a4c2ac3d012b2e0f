//! The raw channel: lock, ring, queues, and the slots in which messages wait. The protocol is in `../protocol.md`.
//!
//! Untyped in its errors and handles; the faces are `sender.rs` and `receiver.rs`.
//!
//! * [`ring`] – messages that are kept.
//! * [`slot`] – where one waits.
//! * [`state`] – what is under the lock: who meets whom.
//! * [`channel`] – the block, and what is done without waiting.
//! * [`receiving`], [`sending`] – those who wait.
//!
//! May import `flavor`.

mod ring;
mod slot;
mod state;
mod channel;
mod receiving;
mod sending;

pub(super) use channel::{Channel, Nothing, Refusal};
pub(super) use receiving::Receiving;
pub(super) use sending::{Reserving, SendingMessage};
pub(super) use state::{Cause, End};
