//! Time: points in it, who tells it, and who wakes at it.
//!
//! * `instant` – [`Instant`], a point on a clock, real or virtual.
//! * `thin_waker` – a waker as one word and a small number.
//! * `wheel` – the timer wheel: pure, told the time, never asks.
//! * `clock` – [`Clock`], the trait (it and `timers` name each other: a clock owns timers, a timer tells its clock).
//! * `timers` – wheels behind locks, and [`Timer`], the entry that lives in the waiting future.
//!
//! May import `primitive`, `unwind` and `mark` only.

mod clock;
mod instant;
mod thin_waker;
mod timers;
mod wheel;

pub use clock::{Clock, Hold};
pub use instant::Instant;
pub use timers::{Timer, Timers};
