//! Where and when the next step of a coroutine runs.
//!
//! * `runnable` – [`Runnable`], one step of work, an erased pointer.
//! * `dispatcher` – [`Dispatch`], the trait, and [`Dispatcher`], the handle.
//! * `held` – what a handle is: a count, or none where the dispatcher lasts.
//! * `runtime` – the process's own dispatchers and clock, installed by whoever has threads.
//! * `place` – the places that the running step holds in limited views.
//! * `limited` – at most *n* steps at once, as a view of another dispatcher.
//! * `unconfined` – runs in the thread that resumes.
//! * `executor` – any `Fn(Runnable)` as a dispatcher.
//! * `steps` – a queue of steps for one thread.
//! * `firing` – `Timers::fire`, which resumes.
//!
//! Knows steps, not futures, jobs or scopes. May import `primitive`, `unwind`, `time`.

mod dispatcher;
mod executor;
mod firing;
mod held;
mod limited;
mod place;
mod runnable;
mod runtime;
mod steps;
mod unconfined;

pub use dispatcher::{Dispatch, Dispatcher};
pub use limited::Limited;
pub(crate) use place::exchanges;
pub use place::{keep_permit, leave_places, may_exchange};
pub use runnable::{Runnable, RunnableVtable, Shared, SharedStep};
pub use runtime::{PoolFigures, Runtime, install, runtime, try_runtime};
pub use steps::Steps;
pub use unconfined::{apart, resuming};
