//! Who waits: the fair queue under every primitive that suspends.
//!
//! * [`waiter`] – [`Waiter`], the entry that lives pinned in the waiting future.
//! * [`queue`] – [`WaitQueue`], first come, first served, without allocation.
//! * [`cell`] – [`WaitCell`], a value and those who wait for it to change.
//! * [`permits`] – [`Permits`], so many at once, handed on in order.
//!
//! May import `primitive`, `unwind`.

mod waiter;
mod queue;
mod permits;
mod cell;

pub use cell::{WaitCell, WaitFor};
pub use permits::{AcquirePermit, Permit, Permits};
pub use queue::WaitQueue;
pub use waiter::Waiter;
