//! The idea of a coroutine: a job tree, task cells, scopes, cancellation and time, without threads.
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `primitive` · `memory`
//! 2. `unwind` · `mark`
//! 3. `wait`
//! 4. `error`
//! 5. `failure`
//! 6. `time`
//! 7. `dispatch`
//! 8. `probe`
//! 9. `job`
//! 10. `root`
//! 11. `context`
//! 12. `suspend`
//! 13. `task`
//! 14. `sight`
//! 15. `scope`
//! 16. `model`

pub mod primitive;
mod memory;
pub mod unwind;
mod mark;
pub mod wait;
mod error;
mod failure;
pub mod time;
pub mod dispatch;
pub mod probe;
mod job;
mod root;
pub mod context;
mod suspend;
mod task;
mod scope;
pub mod sight;
#[cfg(loom)]
#[doc(hidden)]
pub mod model;

pub use error::{CancelReason, Cancelled, CoroutineInfo, JoinError, PanicPayload, Reported, TimedOut};
pub use failure::{Failure, FailureHandler};
pub use job::{Job, Listener};
pub use scope::*;
pub use suspend::{
    Delay, Interval, Join, Signal, YieldNow, cancelled, current_context, current_job, current_label, delay,
    delay_until, ensure_active, interval, is_active, join_all, now, stop_requested, try_current_job,
    yield_now,
};
#[doc(hidden)]
pub use suspend::{gate, tell, wait_blocking};
pub use task::{AwaitAll, ByRef, Deferred, OutcomeOf, await_all};
