//! What a coroutine leaves behind when it suspends: at what it waits, where, and since when.
//!
//! * [`kind`] – [`WaitKind`], the points at which a coroutine can be suspended.
//! * [`place`] – [`Mark`], kind and place in one word, and [`Wait`], what it says.
//! * [`label`] – what a foreign wait is called, where somebody has called it something.
//! * [`notes`] – where the two are noted down, unless the build is a blind one.
//! * [`tick`] – the time, coarse enough to be had for one load.
//! * [`site`] – a place that a wait keeps for its mark.
//!
//! A wait of ours that is pending writes its mark into the node of the coroutine whose step it is in; each step begins
//! without one, and the last one written stays. Those who look read it at any time.
//!
//! May import `primitive`.

mod kind;
mod label;
mod notes;
mod place;
mod site;
pub(crate) mod tick;

pub use kind::WaitKind;
pub(crate) use label::Labelled;
pub(crate) use notes::{ARE_BLIND, MarkNote, TickNote};
pub use place::{Mark, Wait};
pub use site::Site;
