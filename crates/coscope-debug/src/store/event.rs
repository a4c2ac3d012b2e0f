//! [`Event`]: one thing that a coroutine did or met.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use coscope_core::probe::{Resource, StepEnd};

use crate::record::{At, Span};

/// One thing that a coroutine did or met. Displays as `3.2 s ago: waits for mutex 0x7f10 at src/db.rs:88`.
///
/// ```
/// # use coscope::prelude::*;
/// let _recording = coscope_debug::record();
/// coscope::run_blocking(async |s: Scope| {
///     s.launch(async {
///         let own: Vec<coscope_debug::Event> = coscope_debug::history(current_job().id());
///         assert!(own[0].to_string().ends_with("ago: was launched"));
///     });
/// });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub(super) ago: Duration,
    pub(super) kind: EventKind,
}

/// What a coroutine did or met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// It was launched.
    Launched,
    /// It was woken: it is to go on.
    Woken,
    /// A step of it began.
    StepStarted,
    /// A step of it ended.
    StepEnded(StepEnd),
    /// It began to wait, at this place.
    Blocked(Resource, &'static Location<'static>),
    /// It got what it waited for.
    Granted(Resource),
    /// It gave up waiting.
    Left(Resource),
    /// It began to be cancelled.
    Cancelled,
}

impl Event {
    /// How long ago it was, in real time.
    pub fn ago(&self) -> Duration {
        self.ago
    }

    /// What it was.
    pub fn kind(&self) -> EventKind {
        self.kind
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ago: {}", Span(self.ago), self.kind)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventKind::Launched => f.write_str("was launched"),
            EventKind::Woken => f.write_str("was woken"),
            EventKind::StepStarted => f.write_str("a step began"),
            EventKind::StepEnded(StepEnd::Suspended) => f.write_str("the step ended, suspended"),
            EventKind::StepEnded(StepEnd::Yielded) => f.write_str("the step ended, to go on in turn"),
            EventKind::StepEnded(StepEnd::Completed) => f.write_str("the body ended"),
            EventKind::StepEnded(StepEnd::Cut) => f.write_str("the body was dropped, after a cancel"),
            EventKind::StepEnded(_) => f.write_str("the step ended"),
            EventKind::Blocked(on, at) => write!(f, "waits for {on} at {}", At(at)),
            EventKind::Granted(on) => write!(f, "got {on}"),
            EventKind::Left(on) => write!(f, "waits no more for {on}"),
            EventKind::Cancelled => f.write_str("a cancel came"),
        }
    }
}
