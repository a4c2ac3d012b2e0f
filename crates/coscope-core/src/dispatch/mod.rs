//! Where and when the next step of a coroutine runs.
//!
//! * [`runnable`] – [`Runnable`], one step of work, an erased pointer.
//! * [`dispatcher`] – [`Dispatch`], the trait, and [`Dispatcher`], the handle.
//! * [`limited`] – at most *n* steps at once, as a view of another dispatcher.
//! * [`unconfined`] – runs in the thread that resumes.
//! * [`executor`] – any `Fn(Runnable)` as a dispatcher.
//! * [`runtime`] – the process's own dispatchers and clock, installed by whoever has threads.
//!
//! Knows steps, not futures, jobs or scopes. May import `primitive`, `unwind`, `time`.

mod runnable;
mod dispatcher;
mod runtime;
mod limited;
mod unconfined;
mod executor;

pub use dispatcher::{Dispatch, Dispatcher};
pub use limited::Limited;
pub use runnable::{Runnable, RunnableVtable};
pub use runtime::{Runtime, install, runtime};
pub use unconfined::resuming;
