//! Structured concurrency for Rust: coroutines that live in a tree, so that none is lost, leaked or
//! left behind.
//!
//! ```
//! use coscope::prelude::*;
//! use std::time::Duration;
//!
//! async fn sum() -> i32 {
//!     scope(async |s: Scope| {
//!         let one = s.spawn(async { 13 });
//!         let two = s.on(Dispatchers::io()).named("two").spawn(async { 29 });
//!         one.await + two.await // a T, not a Result: a failing child fails the scope
//!     })
//!     .await // returns when every child has ended
//! }
//!
//! fn main() {
//!     run_blocking(async |s: Scope| {
//!         s.launch(async {
//!             delay(Duration::from_millis(10)).await;
//!             println!("World! {}", sum().await);
//!         });
//!         println!("Hello,");
//!     });
//! }
//! ```
//!
//! | to … | use |
//! |---|---|
//! | enter from a thread | [`run_blocking`], [`try_run_blocking`], [`run_local`], [`macro@main`] |
//! | launch children | [`scope`], [`try_scope`], [`supervisor_scope`], [`collect_scope`], [`CoroutineScope`] |
//! | borrow in children | [`run_local`] (a blocked caller's stack), [`frame_scope`] (an async frame) |
//! | run elsewhere | [`Dispatchers`], [`with_context`], [`run_on`]; block where you are: [`blocking`] |
//! | wait | [`Deferred`], [`Job::join`], [`await_all`], [`race`], [`first_ok`] |
//! | pass messages | [`channel`]; choose among several: [`select!`] |
//! | give a coroutine a channel | [`produce`](actor::Produce::produce), [`actor`](actor::Actors::actor), [`ticker`](actor::Produce::ticker) |
//! | cancel | [`Job::cancel`], [`Job::stop`], [`shutdown`]; keep out of it: [`shield`], [`run_to_completion`] |
//! | clean up | [`Finally::finally`], [`defer`], [`bracket`] |
//! | test | [`macro@test`], with the crate `coscope-test` |
//! | see what runs | [`sight`], with the crate `coscope-debug`; hear of it: [`probe`] |
//! | share state | [`sync::Mutex`], [`sync::Semaphore`] |
//! | wait for a callback | [`suspend_cancellable()`] |
//! | keep time | [`delay`], [`with_timeout`], [`interval`] |
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `channel` · `sync` · `suspend_cancellable`
//! 2. `select` · `actor`
//! 3. `entry`
//! 4. `block_on`
//! 5. `prelude`
#![deny(unsafe_code)] // but in `*/raw.rs`

pub mod channel;
pub mod sync;
mod suspend_cancellable;
pub mod select;
pub mod actor;
mod entry;
mod block_on;
pub mod prelude;

/// The README and the guide: their programs are tests.
#[cfg(doctest)]
mod documentation {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../guide/scopes.md")]
    struct Scopes;
    #[doc = include_str!("../../../guide/cancellation.md")]
    struct Cancellation;
    #[doc = include_str!("../../../guide/failure.md")]
    struct Failure;
    #[doc = include_str!("../../../guide/dispatchers.md")]
    struct Dispatchers;
    #[doc = include_str!("../../../guide/time.md")]
    struct Time;
    #[doc = include_str!("../../../guide/testing.md")]
    struct Testing;
    #[doc = include_str!("../../../guide/channels.md")]
    struct Channels;
    #[doc = include_str!("../../../guide/select.md")]
    struct Select;
    #[doc = include_str!("../../../guide/actors.md")]
    struct Actors;
    #[doc = include_str!("../../../guide/shared-state.md")]
    struct SharedState;
}

pub use block_on::{
    run_blocking, run_blocking_on, run_local, try_run_blocking, try_run_blocking_on, try_run_local,
};
pub use coscope_core::dispatch::Dispatcher;
pub use coscope_core::time::Instant;
pub use coscope_core::{
    AwaitAll, ByRef, CancelReason, Cancelled, Collector, CompletableDeferred, CompletableJob, CoroutineInfo,
    Deferral, Deferred, Delay, Errors, Failure, FailureHandler, Fallibly, Finalized, Finally, FirstOk,
    FrameDeferred, FrameScope, Framed, Gathering, Infallibly, Interval, Job, Join, JoinError, Launcher,
    Limit, Listener, LocalLauncher, LocalScope, NoValue, Opened, OutcomeOf, PanicPayload, Parallel, Pinned,
    Race, Reported, RunToCompletion, Scope, Shield, Signal, Start, Supervising, Supervisor, TimedOut,
    WaitForValue, WithContext, WithTimeout, YieldNow, await_all, bracket, cancelled, current_context,
    current_job, current_label, effective_deadline, ensure_active, first_ok, is_active, join_all, race,
    shield, stop_requested, try_current_job, with_context, yield_now,
};
pub use coscope_core::{context, dispatch, probe, sight};
pub use coscope_macros::{main, test};
pub use coscope_scheduler::{Dispatchers, PoolMetrics, ThreadDispatchers, blocking, pool_metrics};
pub use entry::{
    CoroutineScope, collect_scope, defer, delay, delay_until, detached, frame_scope, interval, now, run_on,
    run_to_completion, scope, shutdown, supervisor_scope, try_frame_scope, try_scope, with_deadline,
    with_timeout,
};
pub use suspend_cancellable::{Abandoned, Resumer, SuspendCancellable, suspend_cancellable};
