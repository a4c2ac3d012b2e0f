//! The idea of a coroutine: a job tree, task cells, scopes, cancellation and time, without threads.
#![allow(dead_code)]
mod error;
mod failure;
pub mod dispatch;
mod job;
mod memory;
pub mod primitive;
pub mod time;
pub mod unwind;
mod wait;
pub use error::*;
pub use failure::*;
pub use job::*;
