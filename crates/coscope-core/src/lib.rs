//! The idea of a coroutine: a job tree, task cells, scopes, cancellation and time, without threads.

pub mod dispatch;
pub mod primitive;
pub mod time;
pub mod unwind;
