//! What a coroutine's node tells those who listen. Each starts with one look whether anybody does.
//!
//! What a probe has launched is hidden, and so is all that is launched by it, or a probe that launches
//! could keep itself going for ever.

use super::node::NodeRef;
use crate::dispatch::Dispatcher;
use crate::probe::{self, Launched, Outcome, Probe, StepEnd};

impl NodeRef {
    /// It was launched below `parent`, and stands nowhere yet.
    #[inline(always)]
    pub(crate) fn tell_launched(&self, parent: &NodeRef, dispatcher: Option<&Dispatcher>) {
        if probe::is_listening()
            && let Some(dispatcher) = dispatcher
        {
            self.tell_launched_now(parent, dispatcher);
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_launched_now(&self, parent: &NodeRef, dispatcher: &Dispatcher) {
        let parent = parent.coroutine_from_here();
        if probe::is_telling() || parent.as_ref().is_some_and(|parent| parent.state.is_hidden()) {
            return self.state.hide();
        }
        let info = self.info();
        let parent = parent.map(|parent| parent.identity.id);
        probe::tell(&|probe| probe.launched(&Launched { info: &info, parent, dispatcher }));
    }

    /// The next coroutine on the way up, this node included. The caller keeps the node; what is above it is there as
    /// long as it has not completed.
    fn coroutine_from_here(&self) -> Option<NodeRef> {
        let up = || {
            let mut at = self;
            while !at.is_coroutine() {
                at = at.parent()?;
            }
            Some(at.clone())
        };
        self.held(up)?
    }

    #[inline(always)]
    pub(crate) fn tell_step_started(&self) {
        if probe::is_listening() {
            self.tell_of_it(&|probe, number| probe.step_started(number));
        }
    }

    #[inline(always)]
    pub(crate) fn tell_step_ended(&self, how: impl FnOnce() -> StepEnd) {
        if probe::is_listening() {
            let how = how();
            self.tell_of_it(&|probe, number| probe.step_ended(number, how));
        }
    }

    #[inline(always)]
    pub(crate) fn tell_woken(&self) {
        if probe::is_listening() {
            self.tell_of_it(&|probe, number| probe.woken(number));
        }
    }

    #[inline(always)]
    pub(crate) fn tell_cancelled(&self) {
        if probe::is_listening() {
            self.tell_of_it(&|probe, number| probe.cancelled(number));
        }
    }

    #[inline(always)]
    pub(crate) fn tell_completed(&self, outcome: impl FnOnce() -> Outcome) {
        if probe::is_listening() {
            let outcome = outcome();
            self.tell_of_it(&|probe, number| probe.completed(number, outcome));
        }
    }

    /// Tells what has to do with this coroutine, unless it is hidden.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_of_it(&self, event: &dyn Fn(&dyn Probe, u64)) {
        if !self.state.is_hidden() {
            probe::tell(&|probe| event(probe, self.identity.id));
        }
    }
}
