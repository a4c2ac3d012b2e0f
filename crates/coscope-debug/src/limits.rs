//! [`Limits`]: from when on something is worth a word.

use std::time::Duration;

/// From when on something is worth a word; `None` is never.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// A step.
    pub(crate) step: Option<Duration>,
    /// From a wake to the step that follows.
    pub(crate) poll: Option<Duration>,
    /// A wait in foreign code.
    pub(crate) wake: Option<Duration>,
    /// A wait for what another has, or for room in a channel.
    pub(crate) wait: Option<Duration>,
    /// A scope's wait for its children.
    pub(crate) child: Option<Duration>,
    /// A wait of one that hangs below no scope.
    pub(crate) detached: Option<Duration>,
}

impl Limits {
    /// What a dump says unasked: what is hardly ever meant.
    pub(crate) const OF_A_DUMP: Limits = Limits {
        step: Some(Duration::from_secs(1)),
        poll: Some(Duration::from_secs(1)),
        wake: None,
        wait: Some(Duration::from_secs(10)),
        child: None,
        detached: None,
    };
    /// Deadlocks alone.
    pub(crate) const OFF: Limits =
        Limits { step: None, poll: None, wake: None, wait: None, child: None, detached: None };
}

/// Whether `time` is beyond `limit`.
pub(crate) fn beyond(time: Duration, limit: Option<Duration>) -> bool {
    limit.is_some_and(|limit| time >= limit)
}
