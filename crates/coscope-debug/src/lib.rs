//! Seeing what runs.
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `record` · `activity` · `graph` · `limits` · `finding`
//! 2. `waits` · `line`
//! 3. `smell` · `deadlock` · `long_wait`
//! 4. `examine`
//! 5. `dump`
#![forbid(unsafe_code)]

mod record;
mod activity;
mod graph;
mod limits;
mod finding;
mod waits;
mod line;
mod smell;
mod deadlock;
mod long_wait;
mod examine;
mod dump;

pub use finding::{Finding, FindingKind};
