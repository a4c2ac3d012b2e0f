//! Who waits: the fair queue under every primitive that suspends.
//!
//! * [`waiter`] – [`Waiter`], the entry that lives pinned in the waiting future.
//! * [`queue`] – [`WaitQueue`], first come, first served, without allocation.
//!
//! May import `primitive` only.

mod queue;
mod waiter;

pub use queue::WaitQueue;
pub use waiter::Waiter;
