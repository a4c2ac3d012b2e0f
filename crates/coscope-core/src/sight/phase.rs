//! [`Phase`]: how far a job has come.

use std::fmt;

use crate::job::NodeRef;
use crate::task::TaskHead;
use crate::task::state::Stand;

/// How far a job has come.
///
/// ```
/// # use coscope::{prelude::*, sight::Phase};
/// run_blocking(async |s: Scope| {
///     let lazy = s.start(Start::Lazy).launch(async {});
///     assert_eq!(lazy.sight().phase, Phase::New);
///     assert_eq!(current_job().sight().phase, Phase::Running);
///     lazy.join().await;
///     assert_eq!(lazy.sight().phase, Phase::Completed);
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Lazy, and not started.
    New,
    /// Ready to run, in the queue of its dispatcher.
    Queued,
    /// In a step, on a thread.
    Running,
    /// Waiting.
    Suspended,
    /// Of a job that has no steps of its own (a scope, an owned job): it is open. Where its body stands, the coroutine
    /// around it says.
    Open,
    /// Its body is over; what hangs below it is not.
    Joining,
    /// Its body is over, and what that has left to clean up runs.
    CleaningUp,
    /// All over.
    Completed,
}

impl Phase {
    /// What it is called in dumps.
    ///
    /// ```
    /// assert_eq!(coscope::sight::Phase::CleaningUp.as_str(), "cleaning up");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::New => "new",
            Phase::Queued => "queued",
            Phase::Running => "running",
            Phase::Suspended => "suspended",
            Phase::Open => "open",
            Phase::Joining => "joining",
            Phase::CleaningUp => "cleaning up",
            Phase::Completed => "completed",
        }
    }

    pub(super) fn of(node: &NodeRef) -> Phase {
        if node.state.is_completed() {
            return Phase::Completed;
        }
        match node.face::<TaskHead>().map(|head| head.state.stand()) {
            Some(Stand::New) => Phase::New,
            Some(Stand::Scheduled) => Phase::Queued,
            Some(Stand::Running) => Phase::Running,
            Some(Stand::Idle) => Phase::Suspended,
            None if !node.state.is_body_done() => Phase::Open,
            Some(Stand::Ended) | None if cleans_up(node) => Phase::CleaningUp,
            Some(Stand::Ended) | None => Phase::Joining,
        }
    }
}

/// Whether a clean-up is running below the job.
fn cleans_up(node: &NodeRef) -> bool {
    node.guarded.lock().rare.as_ref().is_some_and(|rare| rare.finalizers.running)
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
