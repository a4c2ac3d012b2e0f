//! The way down: `cancel` and `stop` reach every job of a subtree, in a loop.

use super::listener::Event;
use super::node::NodeRef;
use super::state::Cancel;
use crate::dispatch::resuming;
use crate::error::CancelReason;
use crate::failure::Failure;
use crate::unwind;

impl NodeRef {
    /// Cancels the job and its subtree. `false` if it was being cancelled already, or had completed.
    pub(crate) fn cancel(&self, reason: CancelReason) -> bool {
        resuming(|| {
            let first = self.begin_cancel(&reason);
            if first {
                self.cut_subtree(&reason);
            }
            first
        })
    }

    /// Cancels the coroutines that hang below the job, not the job itself. A region in between goes on
    /// without its children: it owes its caller a value, and nobody would drop its body.
    pub(crate) fn cancel_children(&self, reason: CancelReason) {
        resuming(|| {
            let mut open = vec![self.clone()];
            while let Some(job) = open.pop() {
                job.for_each_child(|child| {
                    if child.state.is_shield() {
                        return;
                    }
                    if child.state.is_region() {
                        open.push(child);
                    } else if child.begin_cancel(&reason) {
                        child.cut_subtree(&reason);
                    }
                });
            }
        });
    }

    /// A child has failed: the first failure of a job that still waits cuts its subtree. Hands the
    /// failure back, with its bit in `state` not set, if it came too late.
    pub(crate) fn fail(&self, reason: CancelReason) -> bool {
        self.set_reason(&reason);
        self.state.fail() == Cancel::First
    }

    /// The second half of [`fail`](Self::fail), once the failure is kept: the walk.
    pub(crate) fn cut_after_failure(&self, reason: &CancelReason) {
        resuming(|| {
            self.call_listeners(Event::Cancel);
            self.cut_subtree(reason);
        });
    }

    /// Sets the bit. The reason is there before the bit is seen.
    fn begin_cancel(&self, reason: &CancelReason) -> bool {
        self.set_reason(reason);
        let first = self.state.cancel() == Cancel::First;
        if first {
            self.call_listeners(Event::Cancel);
        }
        first
    }

    /// Keeps the first reason.
    pub(crate) fn set_reason(&self, reason: &CancelReason) {
        let mut guarded = self.guarded.lock();
        if guarded.reason.is_none() {
            guarded.reason = Some(reason.clone());
        }
    }

    /// The walk: jobs whose bit is set wait in `below` until their own children are reached.
    fn cut_subtree(&self, reason: &CancelReason) {
        self.on_cancelled();
        let mut below = vec![self.clone()];
        while let Some(job) = below.pop() {
            job.cut_children(reason, &mut below);
        }
    }

    fn cut_children(&self, reason: &CancelReason, below: &mut Vec<NodeRef>) {
        self.for_each_child(|child| {
            if !child.state.is_shield() && child.begin_cancel(reason) {
                child.on_cancelled();
                if child.state.has_children() {
                    below.push(child);
                }
            }
        });
    }

    /// Cancels a job that hangs nowhere and has not been dispatched.
    pub(crate) fn cancel_unlinked(&self, reason: CancelReason) {
        let _first = self.begin_cancel(&reason);
    }

    /// Asks the job and its subtree to come to an end. `false` if that was asked before.
    pub(crate) fn stop(&self) -> bool {
        if !self.state.stop() {
            return false;
        }
        resuming(|| {
            self.call_listeners(Event::Stop);
            let mut below = vec![self.clone()];
            while let Some(job) = below.pop() {
                job.for_each_child(|child| {
                    if child.state.stop() {
                        child.call_listeners(Event::Stop);
                        below.push(child);
                    }
                });
            }
        });
        true
    }

    /// Why the job is being cancelled.
    pub(crate) fn reason(&self) -> CancelReason {
        self.guarded.lock().reason.clone().unwrap_or(CancelReason::UNSPECIFIED)
    }

    /// Hands a failure to the job above. Comes back if nobody there takes it.
    pub(crate) fn fail_parent(&self, failure: Failure) -> Option<Failure> {
        match self.parent() {
            Some(parent) => parent.on_child_failed(failure),
            None => Some(failure),
        }
    }

    /// Force-closes the regions that the body has left open: it has ended without them, so nobody
    /// is bound to poll them again.
    pub(crate) fn close_regions(&self) {
        use super::state::Close;
        self.for_each_child(|child| {
            if child.state.is_region() && !child.state.is_body_done() {
                child.set_reason(&CancelReason::new("the coroutine around the scope has ended"));
                let closed = child.state.close();
                resuming(|| child.cut_subtree(&child.reason()));
                child.close_regions();
                if closed == Close::Closed {
                    child.release();
                }
            }
        });
    }

    pub(super) fn call_listeners(&self, event: Event) {
        let due = match &mut self.guarded.lock().listeners {
            Some(listeners) => listeners.take(event),
            None => return,
        };
        for call in due {
            unwind::contain("a listener of a job", call);
        }
    }
}
