//! [`Finding`]: something that looks wrong, said in a sentence.

use std::fmt;

/// Something that looks wrong. Displays as a text of one line or several.
///
/// ```
/// use coscope_debug::findings;
///
/// assert!(findings().is_empty(), "nothing runs, so nothing is stuck");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub(crate) kind: FindingKind,
    pub(crate) jobs: Vec<u64>,
    pub(crate) text: String,
}

/// What kind of thing looks wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// Coroutines wait for each other in a circle: none of them can go on. If a timeout around one of them, or further up,
    /// will cut it off, the text says so; else it is for ever.
    Deadlock,
    /// A step has taken longer than the limit, and still runs: it computes, or blocks, without a suspension.
    LongStep,
    /// A coroutine was woken and has not been polled since: its dispatcher is busy or stuck, or what it is part of does
    /// not poll it.
    NotPolled,
    /// A coroutine waits in a future that is not coscope's, and nobody has woken it for longer than the limit.
    NotWoken,
    /// One waits for longer than the limit for what another has, or for somebody to receive.
    LongWait,
    /// A scope has waited for a child for longer than the limit.
    LongChild,
    /// A coroutine below no scope has been suspended in one wait for longer than the limit.
    LongDetached,
}

impl FindingKind {
    /// Its word, as it stands in a dump.
    ///
    /// ```
    /// assert_eq!(coscope_debug::FindingKind::LongStep.word(), "long-step");
    /// ```
    pub fn word(self) -> &'static str {
        match self {
            FindingKind::Deadlock => "deadlock",
            FindingKind::LongStep => "long-step",
            FindingKind::NotPolled => "not-polled",
            FindingKind::NotWoken => "not-woken",
            FindingKind::LongWait => "long-wait",
            FindingKind::LongChild => "long-child",
            FindingKind::LongDetached => "long-detached",
        }
    }
}

impl Finding {
    /// What kind of thing it is.
    pub fn kind(&self) -> FindingKind {
        self.kind
    }

    /// The keys of the jobs that are meant, as they stand in a dump; those that are to blame first.
    pub fn jobs(&self) -> &[u64] {
        &self.jobs
    }

    /// The text: who, where, since when, and what to do.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.word(), self.text)
    }
}
