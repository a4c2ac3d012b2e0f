//! Tests in virtual time: [`run_test`] runs a scope on one thread and a clock that jumps from timer to
//! timer, so that a test of an hour is over in a moment and its times are exact.
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
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `virtual_clock`
//! 2. `test_loop`
//! 3. `run`
#![forbid(unsafe_code)]

mod virtual_clock;
mod test_loop;
mod run;

pub use run::{run_test, try_run_test};
pub use virtual_clock::VirtualClock;
