//! What a coroutine runs with, and who runs on this thread.
//!
//! * [`element`] – [`Element`], a typed value of the context, and its rule of inheritance.
//! * [`map`] – [`CoroutineContext`], the immutable set of elements.
//! * [`visit`] – a `with_context` in its first poll, in place.
//! * [`current`] – the running coroutine, its open regions and its context, for this thread; in `current/marks.rs` the
//!   marks that its waits leave.
//!
//! May import `primitive`, `unwind`, `error`, `failure`, `time`, `dispatch`, `job`.

pub(crate) mod current;
mod element;
mod map;
mod visit;

pub use element::{CleanupDeadline, CoroutineName, Element, Inherit, ThreadElement, element, thread_element};
pub use map::CoroutineContext;
pub(crate) use visit::Visit;
