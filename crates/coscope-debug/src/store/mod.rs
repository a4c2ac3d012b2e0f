//! What is kept of what the runtime tells, while somebody [records](record()).
//!
//! * [`event`] – [`Event`], one thing that a coroutine did or met.
//! * [`lives`] – of each coroutine that lives: its step, its last wake, what it did of late.
//! * [`queues`] – of each lock, channel and job that somebody waits for: who waits, and who has it.
//! * [`recorder`] – the probe that fills both, and [`Recording`], for as long as it listens.

mod event;
mod lives;
mod queues;
mod recorder;

pub use event::{Event, EventKind};
pub use recorder::{Recording, history, record};
pub(crate) use recorder::{activity, completed_record, resources};
