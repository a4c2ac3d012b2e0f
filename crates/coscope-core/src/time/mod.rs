//! Time: points in it, who tells it, and who wakes at it.
//!
//! * [`instant`] – [`Instant`], a point on a clock, real or virtual.
//! * [`wheel`] – the timer wheel: pure, told the time, never asks.
//! * [`timers`] – wheels behind locks, and [`Timer`], the entry that lives in the waiting future.
//! * [`clock`] – [`Clock`], the trait.
//!
//! May import `primitive` only.

mod instant;
mod wheel;
mod timers;
mod clock;

pub use clock::Clock;
pub use instant::Instant;
pub use timers::{Timer, Timers};
