//! [`Activity`]: what a coroutine has been doing, as the store knows it. Plain data.

use std::sync::Arc;
use std::time::Duration;

/// What a coroutine has been doing since somebody listens, in real time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    /// Steps that have begun.
    pub(crate) steps: u64,
    /// Wakes that have come.
    pub(crate) wakes: u64,
    /// The thread of its last step.
    pub(crate) thread: Option<Arc<str>>,
    /// How long the step has run that runs.
    pub(crate) running_for: Option<Duration>,
    /// How long ago the wake came that no step has answered yet.
    pub(crate) woken_for: Option<Duration>,
    /// How long ago its last step ended.
    pub(crate) idle_for: Option<Duration>,
}
