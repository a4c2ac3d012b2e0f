//! [`JobKind`]: what a job is.

use std::fmt;

use crate::job::NodeRef;
use crate::root::root;
use crate::task::TaskHead;

/// What a job is.
///
/// ```
/// # use coscope::{prelude::*, sight::{ChildCursor, JobKind}};
/// run_blocking(async |s: Scope| {
///     s.launch(async {});
///     let below = current_job().children_after(&mut ChildCursor::new(), 1);
///     assert_eq!((current_job().sight().kind, below[0].sight().kind), (JobKind::Coroutine, JobKind::Scope));
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobKind {
    /// The root of the process.
    Root,
    /// A coroutine.
    Coroutine,
    /// What [`scope`](crate::scope) and [`try_scope`](crate::try_scope) open.
    Scope,
    /// What [`supervisor_scope`](crate::supervisor_scope) opens.
    Supervisor,
    /// What [`collect_scope`](crate::collect_scope) opens.
    Collector,
    /// What [`frame_scope`](crate::frame_scope) and [`try_frame_scope`](crate::try_frame_scope) open.
    Frame,
    /// [`with_timeout`](crate::with_timeout), [`with_deadline`](crate::with_deadline).
    Timeout,
    /// [`shield`](crate::shield).
    Shield,
    /// A branch of a select.
    Select,
    /// [`race`](crate::race), [`first_ok`](crate::first_ok).
    Race,
    /// An owned job without a body: a [`CoroutineScope`](crate::CoroutineScope), a
    /// [`CompletableJob`](crate::CompletableJob).
    Owned,
}

impl JobKind {
    /// What it is called in dumps.
    ///
    /// ```
    /// assert_eq!(coscope::sight::JobKind::Supervisor.as_str(), "supervisor");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            JobKind::Root => "root",
            JobKind::Coroutine => "coroutine",
            JobKind::Scope => "scope",
            JobKind::Supervisor => "supervisor",
            JobKind::Collector => "collector",
            JobKind::Frame => "frame",
            JobKind::Timeout => "timeout",
            JobKind::Shield => "shield",
            JobKind::Select => "select",
            JobKind::Race => "race",
            JobKind::Owned => "owned",
        }
    }

    pub(super) fn of(node: &NodeRef) -> JobKind {
        if node.face::<TaskHead>().is_some() {
            return JobKind::Coroutine;
        }
        if !node.state.is_region() {
            return if node.same(root()) { JobKind::Root } else { JobKind::Owned };
        }
        // what a region is called is what opens it
        match node.identity.name() {
            "supervisor_scope" => JobKind::Supervisor,
            "collect_scope" => JobKind::Collector,
            "frame_scope" | "try_frame_scope" => JobKind::Frame,
            "with_timeout" | "with_deadline" => JobKind::Timeout,
            "shield" => JobKind::Shield,
            "select" => JobKind::Select,
            "race" | "first_ok" => JobKind::Race,
            _ => JobKind::Scope,
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
