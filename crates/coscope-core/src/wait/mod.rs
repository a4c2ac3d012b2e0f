//! Who waits: the fair queue under every primitive that suspends.
//!
//! * [`lock`] – [`HintedLock`], for short sections; its word says what a look inside would find.
//! * [`waiter`] – [`Waiter`], the entry that lives pinned in the waiting future, and its word.
//! * [`claim`] – the word of one who waits in several places at once, and its [`Ticket`]s.
//! * [`queue`] – [`WaitQueue`], first come, first served, without allocation.
//! * [`clause`] – [`Clause`], what a select chooses among, and how to write one; [`Contest`], which chooses.
//! * [`cell`] – [`WaitCell`], a value and those who wait for it to change.
//! * [`permits`] – [`Permits`], so many at once, handed on in order.
//!
//! May import `primitive`, `unwind`.

mod lock;
mod claim;
mod waiter;
mod queue;
mod clause;
mod permits;
mod cell;

pub use cell::{WaitCell, WaitFor};
pub use claim::{Claimed, Ticket};
pub use clause::{Clause, Clauses, Contest, Order, Places, Row, Turn};
pub use lock::{Hinted, HintedLock, Locked};
pub use permits::{AcquirePermit, Permit, Permits};
pub use queue::WaitQueue;
pub use waiter::{Left, Waiter, Who};
