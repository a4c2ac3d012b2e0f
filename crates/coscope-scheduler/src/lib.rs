//! Threads that run steps: coscope's pool, event loops and dispatchers. Knows steps, not futures or jobs.
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `state` · `park` – the pool's packed word, a thread that parks
//! 2. `builder` – the measures of a pool
//! 3. `idle` – who wakes, and when a thread may sleep; protocol and proof in `idle.md`
//! 4. `lane` – queues of CPU steps, and the permit
//! 5. `local` · `pace` · `spin` – what a thread of the pool holds, when it looks at the time, whether it looks again
//!    before it sleeps
//! 6. `watch` – for when all are busy
//! 7. `pool` – queues, permits and threads together
//! 8. `watchman` – the watch's thread
//! 9. `worker` – the loop of a thread
//! 10. `clock` – the pool as the real clock
//! 11. `cpu` – Default
//! 12. `io` – IO and elastic views
//! 13. `home` – whose thread this is
//! 14. `guardian` – timers whose loop has closed
//! 15. `current_thread` – event loops
//! 16. `own_threads` – single threads, fixed pools
//! 17. `main_dispatcher`
//! 18. `process` – the process's own
//! 19. `dispatchers` – the list to choose from
//! 20. `metrics`
#![forbid(unsafe_code)]

mod builder;
mod clock;
mod cpu;
mod current_thread;
mod dispatchers;
mod guardian;
mod home;
#[doc(hidden)]
pub mod idle;
mod io;
mod lane;
mod local;
mod main_dispatcher;
mod metrics;
mod own_threads;
mod pace;
mod park;
mod pool;
mod process;
mod spin;
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
