//! Threads that run steps: coscope's pool, event loops and dispatchers. Knows steps, not futures or jobs.
//!
//! In import order; a module imports only what stands above it:
//!
//! * `state` – the pool's packed word · `park` – a thread that parks · `idle` – who wakes, when to sleep
//!   (protocol and proof in `idle.md`) · `builder` – the measures of a pool
//! * `lane` – queues of CPU steps, and the permit · `local` – what a thread of the pool holds
//! * `watch` – for when all are busy · `pool` – queues, permits and threads together
//! * `watchman` – the watch's thread · `worker` – the loop of a thread · `clock` – the pool as the real clock
//! * `cpu` – Default · `io` – IO and elastic views
//! * `home` – whose thread this is · `current_thread` – event loops · `own_threads` – single threads,
//!   fixed pools · `main_dispatcher`
//! * `process` – the process's own · `dispatchers` – the list to choose from · `metrics`
#![forbid(unsafe_code)]

mod builder;
mod clock;
mod cpu;
mod current_thread;
mod dispatchers;
mod home;
#[doc(hidden)]
pub mod idle;
mod io;
mod lane;
mod local;
mod main_dispatcher;
mod metrics;
mod own_threads;
mod park;
mod pool;
mod process;
mod state;
mod watch;
mod watchman;
mod worker;

pub use builder::Builder;
pub use current_thread::EventLoop;
pub use dispatchers::{Dispatchers, ThreadDispatchers};
pub use metrics::{PoolMetrics, pool_metrics};
pub use pool::{Pool, blocking};
pub use process::install;
#[doc(hidden)]
pub use {park::Signal, park::Sleeper, state::Counts, state::State};
