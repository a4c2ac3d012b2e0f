//! The way down: `cancel` and `stop` reach every job of a subtree, in a loop.

use super::listener::Event;
use super::node::NodeRef;
use super::state::{Cancel, Close, Ended};
use super::volley::Volley;
use super::walk::Visit;
use crate::dispatch::resuming;
use crate::error::CancelReason;
use crate::failure::Failure;
use crate::unwind;

/// The walk of a cancel.
struct Cut {
    volley: Volley,
    /// Jobs whose children are still to be reached.
    below: Vec<NodeRef>,
}

impl Visit for Cut {
    fn begin_batch(&mut self) {
        self.volley.make_room();
    }

    /// For most children there is nothing to do but to set bits. They are not even counted: whom the volley
    /// has taken is kept by its step.
    fn sift(&mut self, child: &NodeRef) -> bool {
        let first = !child.state.is_shield() && child.state.cancel() == Cancel::First;
        let quiet = || !child.state.is_awaited() && !child.state.has_children();
        first && !(quiet() && child.on_cancelled_quietly(&mut self.volley))
    }

    fn visit(&mut self, child: NodeRef) {
        if child.state.is_awaited() {
            self.volley.fire(); // a listener is foreign code, and may take its time
            child.call_listeners(Event::Cancel);
        }
        if !child.on_cancelled_quietly(&mut self.volley) {
            self.volley.fire(); // of another dispatcher, or full
            if !child.on_cancelled_quietly(&mut self.volley) {
                child.on_cancelled();
            }
        }
        if child.state.has_children() {
            self.below.push(child);
        }
    }
}

impl NodeRef {
    /// Cancels the job and its subtree. `false` if it was being cancelled already, or had completed.
    pub(crate) fn cancel(&self, reason: CancelReason) -> bool {
        if self.state.is_cancelling() {
            return false; // the reason is there, here or above
        }
        resuming(|| {
            self.set_reason(&reason);
            let first = self.begin_cancel();
            if first {
                self.cut_subtree();
            }
            first
        })
    }

    /// Cancels a job whose body is being dropped: with what is above if that is why, else with `reason`.
    pub(crate) fn cancel_dropped(&self, reason: &'static str) {
        if self.parent().is_some_and(|parent| parent.state.is_cancelling()) {
            self.cancel_with_parent();
        } else {
            self.cancel(reason.into());
        }
    }

    /// Cancels the job and its subtree with what is above, whose reason is theirs.
    pub(crate) fn cancel_with_parent(&self) {
        resuming(|| {
            if self.begin_cancel() {
                self.cut_subtree();
            }
        });
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
                        return;
                    }
                    child.set_reason(&reason);
                    if child.begin_cancel() {
                        child.cut_subtree();
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
    pub(crate) fn cut_after_failure(&self) {
        resuming(|| {
            self.call_listeners(Event::Cancel);
            self.cut_subtree();
        });
    }

    /// Sets the bit. The reason is there before the bit is seen: here, or above, where a bit is set already.
    fn begin_cancel(&self) -> bool {
        let first = self.state.cancel() == Cancel::First;
        if first {
            self.call_listeners(Event::Cancel);
        }
        first
    }

    /// Keeps the first reason.
    pub(crate) fn set_reason(&self, reason: &CancelReason) {
        let mut guarded = self.guarded.lock();
        let kept = &mut guarded.rare().reason;
        if kept.is_none() {
            *kept = Some(reason.clone());
        }
    }

    /// The walk: jobs whose bit is set wait in `below` until their own children are reached.
    fn cut_subtree(&self) {
        self.on_cancelled();
        if !self.state.has_children() {
            return;
        }
        let mut cut = Cut { volley: Volley::new(), below: Vec::new() };
        self.walk(&mut cut);
        while let Some(job) = cut.below.pop() {
            job.walk(&mut cut);
        }
    }

    /// Cancels a job that hangs nowhere and has not been dispatched.
    pub(crate) fn cancel_unlinked(&self, reason: CancelReason) {
        self.set_reason(&reason);
        let _first = self.begin_cancel();
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
        let own = self.own_reason();
        own.or_else(|| self.held(|| self.reason_from_above(|_| true)))
            .unwrap_or_else(|| self.reason_from_above(|below| below.holds_parent()))
    }

    fn own_reason(&self) -> Option<CancelReason> {
        self.guarded.lock().rare.as_ref().and_then(|rare| rare.reason.clone())
    }

    /// The reason of the cancel that came from above. `may_ask` knows whose parent is there.
    fn reason_from_above(&self, may_ask: impl Fn(&NodeRef) -> bool) -> CancelReason {
        let mut at = self;
        while may_ask(at)
            && let Some(parent) = at.parent().filter(|parent| parent.state.is_cancelling())
        {
            if let Some(reason) = parent.own_reason() {
                return reason;
            }
            at = parent;
        }
        CancelReason::UNSPECIFIED
    }

    /// A coroutine that was cut, and that somebody knows, keeps the reason: when it has completed, it
    /// can no longer ask above.
    pub(crate) fn keep_reason(&self) {
        if !self.is_known() || self.own_reason().is_some() {
            return;
        }
        let reason = self.reason_from_above(|_| true); // it has not ended yet
        // All that was passed on the way keeps it too, or those of a deep chain would each go all the way.
        let mut at = self;
        loop {
            at.set_reason(&reason);
            match at.parent().filter(|parent| parent.state.is_cancelling()) {
                Some(parent) if parent.own_reason().is_none() => at = parent,
                _ => return,
            }
        }
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
    #[inline]
    pub(crate) fn close_regions(&self) {
        if self.state.has_regions() && self.has_some_children() {
            self.close_regions_below();
        }
    }

    fn close_regions_below(&self) {
        self.for_each_child(|child| {
            if child.state.is_region() && !child.state.is_body_done() {
                child.set_reason(&CancelReason::new("the coroutine around the scope has ended"));
                let closed = child.state.close();
                resuming(|| child.cut_subtree());
                child.close_regions();
                if closed == Close::Closed {
                    child.release_body(Ended::Cut);
                }
            }
        });
    }

    #[inline]
    pub(super) fn call_listeners(&self, event: Event) {
        if self.state.is_awaited() {
            self.call_those_there_are(event);
        }
    }

    #[cold]
    fn call_those_there_are(&self, event: Event) {
        let due = match &mut self.guarded.lock().rare {
            Some(rare) => rare.listeners.take(event),
            None => return,
        };
        for call in due {
            unwind::contain("a listener of a job", call);
        }
    }
}
