//! [`KeptPanic`]: a panic that waits until what was left behind has ended, and is then resumed.
//!
//! Regions and clean-ups do not unwind at once: first their children end, or the clean-up runs. If
//! whoever would have resumed the panic is dropped meanwhile, the failure handler hears of it.

use std::any::Any;

use crate::context::current;
use crate::task::Unwound;
use crate::unwind;

/// A panic on its way to a caller.
pub(super) struct KeptPanic(Option<Box<dyn Any + Send>>);

/// What a body ended with: its value, or a panic that is kept.
pub(super) type Kept<T> = Result<T, KeptPanic>;

impl KeptPanic {
    pub(super) fn new(payload: Box<dyn Any + Send>) -> Self {
        KeptPanic(Some(payload))
    }

    /// Hands it to the caller.
    pub(super) fn resume(mut self) -> ! {
        std::panic::resume_unwind(self.0.take().expect("a panic is resumed once"))
    }
}

impl Drop for KeptPanic {
    fn drop(&mut self) {
        match self.0.take() {
            None => {}
            // a blocking call that was cancelled: that is no failure
            Some(payload) if payload.is::<Unwound>() => unwind::drop_contained(payload),
            Some(payload) => current::report_kept_panic(payload),
        }
    }
}

/// The value, or the panic resumed.
pub(super) fn settled<T>(kept: Kept<T>) -> T {
    kept.unwrap_or_else(|panic| panic.resume())
}
