//! Threads that run steps: coscope's pool, event loops and dispatchers. Knows steps, not futures or jobs.
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `state` · `park` · `builder` – the pool's packed word, a thread that parks, the measures of a pool
//! 2. `idle` – who wakes, and when a thread may sleep; protocol and proof in `idle.md`
//! 3. `lane` – queues of CPU steps, and the permit
//! 4. `local` – what a thread of the pool holds
//! 5. `watch` – for when all are busy
//! 6. `pool` – queues, permits and threads together
//! 7. `watchman` – the watch's thread
//! 8. `worker` – the loop of a thread
//! 9. `clock` – the pool as the real clock
//! 10. `cpu` – Default
//! 11. `io` – IO and elastic views
//! 12. `home` – whose thread this is
//! 13. `current_thread` – event loops
//! 14. `own_threads` – single threads, fixed pools
//! 15. `main_dispatcher`
//! 16. `process` – the process's own
//! 17. `dispatchers` – the list to choose from
//! 18. `metrics`
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
