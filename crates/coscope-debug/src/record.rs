//! [`Record`]: one job as a dump shows it. Plain data, nothing of the live tree.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use coscope_core::sight::{At, Span};
use coscope_core::sight::{JobKind, Phase, WaitKind};

/// A place in the source.
pub(crate) type Place = &'static Location<'static>;

/// One job, as it was when the walk came by.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Its number in the tree, regions included; another job may have it later.
    pub(crate) key: u64,
    /// The key of the job right above.
    pub(crate) parent: Option<u64>,
    pub(crate) kind: JobKind,
    /// The number of a coroutine; regions have none.
    pub(crate) id: Option<u64>,
    /// The name that it was given, or what it is called without one.
    pub(crate) name: Cow<'static, str>,
    pub(crate) state: Phase,
    pub(crate) cancelled: bool,
    /// No scope waits for it, and no thread.
    pub(crate) detached: bool,
    /// For how long it has been in this state, if that is known.
    pub(crate) in_state: Option<Duration>,
    /// Where it is suspended.
    pub(crate) wait: Option<Wait>,
    pub(crate) launched_at: Option<Place>,
    pub(crate) dispatcher: Option<Arc<str>>,
}

/// A suspension point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) kind: WaitKind,
    /// Where it stands in the source.
    pub(crate) at: Place,
    /// What a foreign wait was called.
    pub(crate) label: Option<&'static str>,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.label {
            Some(label) => write!(f, "\"{label}\" at {}", At(self.at)),
            None => write!(f, "{} at {}", self.kind, At(self.at)),
        }
    }
}

impl Record {
    /// Whether it goes on only when what hangs below it has ended.
    pub(crate) fn waits_for_children(&self) -> bool {
        match self.state {
            Phase::Joining | Phase::CleaningUp => true,
            Phase::Suspended => self.wait.is_some_and(|wait| wait.kind == WaitKind::Children),
            _ => false,
        }
    }

    /// Whether it is a part of the coroutine above it.
    pub(crate) fn is_region(&self) -> bool {
        self.id.is_none()
    }

    /// `"fetch#12"`; `with_timeout` of a region.
    pub(crate) fn label(&self) -> Label<'_> {
        Label(self)
    }
}

/// What a job is called in a text.
pub(crate) struct Label<'a>(&'a Record);

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.id {
            Some(id) => write!(f, "\"{}#{id}\"", self.0.name),
            None => f.write_str(&self.0.name),
        }
    }
}

/// `, launched at src/main.rs:20`; nothing where that is not known.
pub(crate) struct Launched<'a>(pub(crate) &'a Record);

impl fmt::Display for Launched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = self.0.launched_at else { return Ok(()) };
        let verb = if self.0.id.is_some() { "launched" } else { "opened" };
        write!(f, ", {verb} at {}", At(at))
    }
}

/// A job as the subject of a sentence: `"fetch#12", launched at src/main.rs:20,`.
pub(crate) struct Subject<'a>(pub(crate) &'a Record);

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.0.launched_at.is_some() { "," } else { "" };
        write!(f, "{}{}{comma}", self.0.label(), Launched(self.0))
    }
}

/// A coroutine for tests, right below `root` (key 0).
#[cfg(test)]
pub(crate) fn sample(id: u64, name: &'static str, state: Phase, in_state: Duration) -> Record {
    Record {
        key: id,
        parent: Some(0),
        kind: JobKind::Coroutine,
        id: Some(id),
        name: Cow::Borrowed(name),
        state,
        cancelled: false,
        detached: false,
        in_state: Some(in_state),
        wait: None,
        launched_at: None,
        dispatcher: None,
    }
}
