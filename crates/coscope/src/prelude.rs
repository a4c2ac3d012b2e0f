//! What nearly every program uses: `use coscope::prelude::*`.

pub use crate::actor::{Actors, Produce};
pub use crate::context::{CoroutineContext, CoroutineName};
pub use crate::{
    CancelReason, CoroutineScope, Deferred, Dispatcher, Dispatchers, FailureHandler, Finally, Job, JoinError,
    LocalScope, Scope, Start, Supervisor, ThreadDispatchers, TimedOut, await_all, bracket, current_job,
    defer, delay, interval, is_active, join_all, race, run_blocking, run_local, run_on, scope, shield,
    supervisor_scope, try_run_blocking, try_scope, with_context, with_timeout, yield_now,
};
