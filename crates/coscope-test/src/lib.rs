//! Tests in virtual time: a scope runs on one thread and a clock that jumps from timer to timer, so that a test
//! of an hour is over in a moment and its times are exact.
//!
//! ```
//! use coscope_test::run_test;
//! use coscope_core::{Scope, delay, now};
//! use std::time::Duration;
//!
//! # coscope_scheduler::install();
//! run_test(async |s: Scope| {
//!     let begin = now();
//!     s.launch(delay(Duration::from_secs(3600)));
//!     delay(Duration::from_secs(60)).await;
//!     assert_eq!(now() - begin, Duration::from_secs(60));
//! });
//! ```
//!
//! [`run_test`] gives the body a plain [`Scope`](coscope_core::Scope). [`Test`] gives it a [`TestScope`], with a hold
//! on the clock, a background scope and dispatchers; and it says how long the test may take and in what
//! order coroutines run. `#[coscope::test]` stands for it above an `async fn`.
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `real_work` · `order` · `panic_tree` · `step_watch`
//! 2. `virtual_clock`
//! 3. `wishes` · `dispatchers`
//! 4. `test_loop`
//! 5. `test_scope`
//! 6. `test`
//! 7. `run` · `schedules`
#![forbid(unsafe_code)]

mod real_work;
mod order;
mod panic_tree;
mod step_watch;
mod virtual_clock;
mod wishes;
mod dispatchers;
mod test_loop;
mod test_scope;
mod test;
mod run;
mod schedules;

pub use real_work::RealWork;
pub use run::{run_test, try_run_test};
pub use test::Test;
pub use test_scope::TestScope;
pub use virtual_clock::VirtualClock;
pub use wishes::Advance;
