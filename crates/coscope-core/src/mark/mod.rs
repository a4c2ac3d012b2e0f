//! What a coroutine leaves behind when it suspends: at what it waits, where, and since when.
//!
//! * [`kind`] – [`WaitKind`], the points at which a coroutine can be suspended.
//! * [`place`] – [`Mark`], kind and place in one word, and [`Wait`], what it says.
//! * [`label`] – what a foreign wait is called, where somebody has called it something.
//! * [`tick`] – the time, coarse enough to be had for one load.
//!
//! A wait of ours marks the step that it is pending in; what the step was marked with last is written into the
//! coroutine's node when that step ends, by the thread that has run it. Those who look read it at any time.
//!
//! May import `primitive`.

mod kind;
mod label;
mod place;
pub(crate) mod tick;

pub use kind::WaitKind;
pub(crate) use label::Labelled;
pub use place::{Mark, Wait};
