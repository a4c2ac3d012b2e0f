//! [`Sight`]: what is to be seen of a job.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::line::Line;
use super::{ChildCursor, JobKind, Phase, Wait, name};
use crate::error::CoroutineInfo;
use crate::job::{Job, NodeRef};
use crate::mark::Mark;
use crate::task::TaskHead;
use crate::time::Instant;

/// What is to be seen of a job at a moment. See [`Job::sight`].
///
/// Displays as a line of a dump: `"fetch#12" suspended 3.2 s in Mutex::lock at src/db.rs:88, launched at
/// src/main.rs:20, on Default`.
///
/// ```
/// # use coscope::{prelude::*, sight::{Phase, Sight, WaitKind}};
/// run_blocking(async |s: Scope| {
///     let fetch = s.named("fetch").start(Start::Undispatched).launch(delay(std::time::Duration::from_secs(60)));
///     let sight: Sight = fetch.sight();
///     assert_eq!(sight.phase, Phase::Suspended);
///     assert_eq!(sight.wait.unwrap().kind, WaitKind::Delay);
///     fetch.cancel("seen");
/// });
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sight {
    /// Name, number and where it was launched. A scope has no number: 0.
    pub info: CoroutineInfo,
    /// What it is.
    pub kind: JobKind,
    /// How far it has come.
    pub phase: Phase,
    /// Whether it is being cancelled.
    pub cancelled: bool,
    /// Of a coroutine that is suspended, or queued to go on: where. `None` means in a foreign future, or before its
    /// first step. Of several waits at once (`join!`) it is the last one to have been looked at.
    pub wait: Option<Wait>,
    /// How long it has been suspended, or has waited for what hangs below it, if it does: on its own clock, in
    /// milliseconds, and coarse where all threads are busy. What is beyond 49 days is cut off.
    pub in_state: Option<Duration>,
    /// It hangs below no scope, and no thread blocks for it: a coroutine that was
    /// [`detached`](crate::detached).
    pub detached: bool,
    /// The name of the dispatcher that a coroutine runs on.
    pub dispatcher: Option<Arc<str>>,
}

impl Job {
    /// What is to be seen of the job now. Whoever runs it is not stopped, so what is seen together need not have been
    /// true at one and the same moment.
    ///
    /// See [`Sight`] for an example.
    pub fn sight(&self) -> Sight {
        let node = self.node();
        let phase = Phase::of(node);
        let head = node.face::<TaskHead>();
        let stands = matches!(phase, Phase::Suspended | Phase::Queued);
        let lasts = matches!(phase, Phase::Suspended | Phase::Joining | Phase::CleaningUp);
        Sight {
            info: node.info(),
            kind: JobKind::of(node),
            phase,
            cancelled: self.is_cancelled(),
            // a future that is one of our waits, launched as it is, is polled by ourselves
            wait: stands
                .then(|| Mark::from_bits(node.mark.get()).placed(node.identity.site).read())
                .flatten(),
            in_state: head.filter(|_| lasts).map(|head| suspended_for(node, head)),
            detached: head.is_some()
                && !node.is_blocked_on()
                && node.parent().is_some_and(|above| above.same(crate::root::root())),
            dispatcher: head.and_then(dispatcher),
        }
    }

    /// A number that no other job of the process has while somebody holds this one: the coroutine's number, or one for a
    /// scope.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(async {});
    ///     assert_eq!(job.key(), job.id());
    /// });
    /// ```
    pub fn key(&self) -> u64 {
        /// Above all numbers, and low enough for programs to whom every number is a float.
        const SCOPES: u64 = 1 << 52;
        match self.id() {
            // aligned to 16 bytes
            0 if !self.node().same(crate::root::root()) => {
                self.node().as_raw().addr().get() as u64 >> 4 | SCOPES
            }
            id => id,
        }
    }

    /// Up to `most` of the jobs right below this one, those behind the cursor, oldest first; none where there are no
    /// more. Unlike [`children`](Self::children) it gives scopes as well, as jobs of their own.
    ///
    /// The job's lock is held for a few children at a time only. What comes and goes meanwhile does no harm: whoever
    /// stands there all the time is met once, and nobody twice; those that come after the first call are not met, so that a
    /// walk has an end. With another job than before the cursor begins anew.
    ///
    /// See [`ChildCursor`] for an example.
    pub fn children_after(&self, cursor: &mut ChildCursor, most: usize) -> Vec<Job> {
        let alive = |child: &NodeRef| !child.state.is_completed();
        cursor.next_few(self.node(), most, alive).into_iter().map(Job).collect()
    }
}

/// The job below which all others of the process hang.
///
/// ```
/// # use coscope::{prelude::*, sight};
/// run_blocking(async |_: Scope| assert_eq!(current_job().parent(), Some(sight::root())));
/// ```
pub fn root() -> Job {
    Job(crate::root::root().clone())
}

fn suspended_for(node: &NodeRef, head: &TaskHead) -> Duration {
    let (mut now, mut since) = (None, &head.since);
    if head.context.has_clock() {
        head.context.show_clock(&mut |clock| now = Some(clock.now()));
        since = &node.since;
    }
    let now = now.unwrap_or_else(Instant::system_now);
    let passed = now.tick().wrapping_sub(since.get());
    // suspended while we looked
    Duration::from_millis(if passed > u32::MAX / 2 { 0 } else { u64::from(passed) })
}

fn dispatcher(head: &TaskHead) -> Option<Arc<str>> {
    let away = head.hops.only_open().and_then(|slot| head.hops.dispatcher(slot));
    let at = away.as_ref().or(head.context.dispatcher())?;
    Some(name::shared(at.name()))
}

impl Sight {
    fn line(&self) -> Line<'_> {
        Line {
            name: self.info.name(),
            number: (self.kind == JobKind::Coroutine).then_some(self.info.id()),
            phase: self.phase,
            in_state: self.in_state,
            wait: self.wait.map(|wait| (wait.kind, wait.label, wait.site)),
            cancelled: self.cancelled,
            launched_at: (self.kind != JobKind::Root).then(|| self.info.launched_at()),
            dispatcher: self.dispatcher.as_deref(),
        }
    }
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line().fmt(f)
    }
}
