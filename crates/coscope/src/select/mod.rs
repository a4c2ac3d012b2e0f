//! `select`: waits for several things at once, of which exactly one happens.
//!
//! | form | for |
//! |---|---|
//! | [`select!`](crate::select!) | a few clauses; the first listed wins where several could |
//! | [`select_unbiased!`](crate::select_unbiased!) | the same, a random one wins |
//! | [`while_select!`](crate::while_select!) | again and again, until an arm says `false` |
//! | [`Select`] | clauses of several kinds, made up at run time |
//! | [`any_of`] | a list of clauses of one kind |
//!
//! A clause is `rx.recv()`, `tx.send(x)`, `tx.reserve()`, a `Deferred` (or its `outcome()`, `by_ref()`), `job.join()`, `delay(d)` for a
//! timeout, or any future. Clauses are given by value. The losers have gone when the winner's arm runs: a message was neither
//! sent nor received, a future has been cut where it was suspended and what it left behind has ended. A future that must go on
//! is launched, and awaited `by_ref()`.
//!
//! ```
//! use coscope::{channel::channel, delay, run_blocking, select};
//! use std::time::Duration;
//!
//! run_blocking(async |s: coscope::Scope| {
//!     let (tx, rx) = channel::<u32>(0);
//!     let answer = s.spawn(async { 42 });
//!     let got = select! {
//!         message = rx.recv() => message.unwrap(),
//!         sent = tx.reserve() => { sent.unwrap(); 0 }
//!         value = answer => value,
//!         _ = delay(Duration::from_secs(5)) => panic!("nobody came"),
//!     };
//!     assert_eq!(got, 42);
//! });
//! ```
//!
//! # Cancellation
//! A select that is cut withdraws all its clauses; a message that one of them was handed goes to the next receiver, else back to the
//! front.
//!
//! * [`list`] – clauses of several kinds, side by side.
//! * [`selecting`] – the future of a select.
//! * [`pick`] – what is a clause, what a future.
//! * [`builder`] – [`Select`], [`any_of`].
//! * [`macros`] – the macros.
//!
//! May import `coscope-core`, and here never `channel`: it knows clauses.

mod list;
mod selecting;
mod pick;
mod builder;
mod macros;

pub use builder::{AnyOf, Select, any_of};
pub use selecting::Selecting;

/// For the macros.
#[doc(hidden)]
pub mod private {
    pub use super::list::{Eight, Either, Five, Four, One, Pair, Seven, Six, Three, Two};
    pub use super::pick::{AsByRef, AsClause, AsFuture, AsNeither, Tag, pick};
    pub use super::selecting::{random_order, select_in};
    pub use coscope_core::wait::Order;
}
