//! The task cell: one allocation a coroutine, holding its place in the tree, its future or its
//! result, and the word that schedules it.
//!
//! * [`state`] – the scheduling word, its diagram, who may touch what under which bit.
//! * [`hop`] – the slots of a coroutine: the dispatchers that its open `with_context`s go to.
//! * [`policy`] – what becomes of a result: kept, handed to the scope, turned into a value.
//! * [`cell`] – the cell, how one is born and dispatched.
//! * [`harness`] – one step: poll or cut, end, hand the result on.
//! * [`tell`] – what it tells the probes of its beginning and its end.
//! * [`deferred`] – [`Deferred`], the owner of a result.
//! * [`by_ref`] – awaiting one without giving it away.
//! * [`borrowed`] – cells whose futures borrow or are bound to a thread, behind a promise.
//!
//! Timeline of a cell: born (linked below its parent) → dispatched → polled … → the future is
//! dropped in place → left-over regions are closed → the result is settled → its token is given
//! back → (children and clean-up end) → the job completes → joiners wake → the last handle frees it.
//!
//! May import everything above it: `primitive` … `job`, `context`.

pub(crate) mod borrowed;
pub(crate) mod cell;
pub(crate) mod deferred;
mod by_ref;
mod harness;
pub(crate) mod hop;
pub(crate) mod policy;
pub(crate) mod state;
mod tell;

pub(crate) use borrowed::{Unwound, Waited};
pub use by_ref::ByRef;
pub(crate) use cell::{Launch, TaskHead, launch_owned, spawn_owned};
pub use deferred::{AwaitAll, Deferred, OutcomeOf, await_all};
