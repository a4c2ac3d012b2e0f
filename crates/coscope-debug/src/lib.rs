//! What the coroutines of a program do, on a page that updates by itself: see [`serve`](fn@serve).
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `serve`
#![forbid(unsafe_code)]

mod serve;

pub use serve::{ServeError, Server, ServerBuilder, Source, serve};
