//! [`Visit`]: a `with_context` in its first poll, which goes on in place under another dispatcher's permit.
//!
//! Most end in it. So what they would need beyond it, a context of their own and a slot of the coroutine,
//! is made when somebody asks: something inside, or the `with_context` itself if its body is pending.
//! It lies on the stack of that poll.

use std::cell::OnceCell;
use std::panic::Location;

use super::CoroutineContext;
use super::current::{Ambient, At};

/// A `with_context` in its first poll, in place.
pub(crate) struct Visit<'a> {
    pub(crate) given: &'a CoroutineContext,
    /// What is around it, and where it lies, which is where the step was.
    pub(super) around: Ambient,
    pub(crate) origin: At,
    pub(crate) site: &'static Location<'static>,
    /// Opens a slot of the running coroutine.
    open: fn(&Visit<'_>) -> usize,
    context: OnceCell<CoroutineContext>,
    slot: OnceCell<usize>,
}

impl<'a> Visit<'a> {
    #[inline]
    pub(super) fn new(
        given: &'a CoroutineContext,
        around: Ambient,
        origin: At,
        site: &'static Location<'static>,
        open: fn(&Visit<'_>) -> usize,
    ) -> Self {
        let (context, slot) = (OnceCell::new(), OnceCell::new());
        Visit { given, around, origin, site, open, context, slot }
    }

    /// The context inside, made now if it was not before. While what was around the visit is there.
    pub(crate) fn context(&self) -> &CoroutineContext {
        let merge = || self.around.get().cloned().unwrap_or_default() + self.given.clone();
        self.context.get_or_init(merge)
    }

    /// The slot that all inside belongs to, opened now if it was not before.
    pub(crate) fn slot(&self) -> usize {
        *self.slot.get_or_init(|| (self.open)(self))
    }

    /// The slot, if it has been opened.
    pub(crate) fn opened(&self) -> Option<usize> {
        self.slot.get().copied()
    }
}
