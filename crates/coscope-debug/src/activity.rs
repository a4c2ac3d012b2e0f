//! [`Activity`]: what a coroutine has been doing, as the store knows it. Plain data.

/// What a coroutine has been doing since somebody listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    /// Steps that have begun.
    pub(crate) steps: u64,
    /// Wakes that have come.
    pub(crate) wakes: u64,
    /// The thread of its last step.
    pub(crate) thread: Option<String>,
}
