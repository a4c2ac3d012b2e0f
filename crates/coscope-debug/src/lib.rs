//! What the coroutines of a program do, on a page that updates by itself: see [`serve`](fn@serve).
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `serve`
#![forbid(unsafe_code)]

mod serve;

/// The guide: its programs are tests.
#[cfg(doctest)]
mod documentation {
    #[doc = include_str!("../../../guide/live-page.md")]
    struct LivePage;
}

pub use serve::{ServeError, Server, ServerBuilder, Source, serve};
