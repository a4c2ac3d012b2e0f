//! A [`tracing`] span for every coroutine, below that of its parent: events inside of a coroutine belong to it,
//! on whatever thread it runs.
//!
//! ```
//! use coscope::{prelude::*, probe};
//! use coscope_tracing::TracingProbe;
//!
//! tracing_subscriber::fmt().init();
//! let _tracing = probe::install(TracingProbe::new());
//! run_blocking(async |s: Scope| {
//!     s.named("fetch").launch(async {
//!         tracing::info!("begun"); // INFO coroutine{name="main" …}:coroutine{name="fetch" …}: begun
//!     });
//! });
//! ```
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `spans` · `entered`
//! 2. `tracing_probe`
#![forbid(unsafe_code)]

mod spans;
mod entered;
mod tracing_probe;

/// The page of the guide: its programs are tests.
#[cfg(doctest)]
mod documentation {
    #[doc = include_str!("../../../guide/observing.md")]
    struct Observing;
}

pub use tracing_probe::TracingProbe;
