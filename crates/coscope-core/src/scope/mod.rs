//! Scopes: regions that launch children and wait for them, and all that wraps a future.
//!
//! * [`kept_panic`] – a panic that waits until what was left behind has ended.
//! * [`region`] – the machine behind every region, and its diagram.
//! * [`finalizer`] – the queue of clean-ups and the child that runs it.
//! * [`launcher`] – where, under which name and when a child begins.
//! * [`limit`] – at most so many children at once.
//! * [`handle`] – [`Scope`], [`Supervisor`], [`Collector`]: the capability to launch.
//! * [`open`] – `scope`, `try_scope`, `supervisor_scope`, `collect_scope`.
//! * [`timeout`] – `with_timeout`, `with_deadline`.
//! * [`shield`] – `shield`. [`completion`] – `run_to_completion`.
//! * [`cleanup`] – `finally`, `defer`, `bracket`.
//! * [`trip`] – a coroutine on another dispatcher.
//! * [`with_context`] – `with_context`, `run_on`.
//! * [`owned`] – `CoroutineScope`, `Job::new`, `detached`, `shutdown`.
//! * [`completable`] – `CompletableDeferred`.
//! * [`race`] – `race`, `first_ok`.
//! * [`branch`] – any future as a clause of a select.
//! * [`frame`] – `frame_scope`: children inside the parent's own poll.
//! * [`local`] – `LocalScope`: children that borrow from a blocked caller.
//! * [`block_on`] – from threads into coroutines.
//!
//! May import everything of this crate.

mod kept_panic;
pub(crate) mod region;
mod finalizer;
#[macro_use]
pub(crate) mod launcher;
pub(crate) mod limit;
pub(crate) mod handle;
pub(crate) mod open;
mod timeout;
mod shield;
mod completion;
mod cleanup;
mod trip;
mod with_context;
mod owned;
mod completable;
mod race;
mod branch;
mod frame;
mod local;
mod block_on;

pub use block_on::{Drive, block_on_local, block_on_scope, block_on_try_local, block_on_try_scope};
pub use branch::Branch;
pub use cleanup::{Deferral, Finalized, Finally, ReleaseOf, bracket, defer};
pub use completable::{CompletableDeferred, NoValue, WaitForValue};
pub use completion::{RunToCompletion, run_to_completion};
pub use frame::{FrameDeferred, FrameScope, Framed, frame_scope, try_frame_scope};
pub use handle::{Collector, Scope, Supervisor};
pub use launcher::{Host, Launcher, Start};
pub use limit::Limit;
pub use local::{LocalLauncher, LocalScope, Parallel, Pinned};
pub use open::{
    Errors, Fallibly, Gathering, Infallibly, Opened, Shape, Supervising, collect_scope, scope,
    supervisor_scope, try_scope,
};
pub use owned::{CompletableJob, CoroutineScope, detached, shutdown};
pub use race::{FirstOk, Race, first_ok, race};
pub use shield::{Shield, shield};
pub use timeout::{WithTimeout, effective_deadline, with_deadline, with_timeout};
pub use with_context::{WithContext, run_on, with_context};
