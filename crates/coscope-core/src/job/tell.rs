//! What a coroutine's node tells those who listen. To be called where there are some.

use super::node::NodeRef;
use crate::dispatch::Dispatcher;
use crate::probe::{self, Launched, Outcome, Probe, StepEnd};

impl NodeRef {
    /// It was launched below `parent`, and stands nowhere yet.
    pub(crate) fn tell_launched(&self, parent: &NodeRef, dispatcher: &Dispatcher) {
        let parent = parent.coroutine_from_here();
        if parent.as_ref().is_some_and(|parent| parent.state.is_hidden()) {
            self.state.hide();
        }
        let info = self.info();
        let parent = parent.map(|parent| parent.identity.id);
        self.tell_of_it(&|probe, _| probe.launched(&Launched { info: &info, parent, dispatcher }));
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

    pub(crate) fn tell_step_started(&self) {
        self.tell_of_it(&|probe, number| probe.step_started(number));
    }

    pub(crate) fn tell_step_ended(&self, how: StepEnd) {
        self.tell_of_it(&|probe, number| probe.step_ended(number, how));
    }

    pub(crate) fn tell_woken(&self) {
        self.tell_of_it(&|probe, number| probe.woken(number));
    }

    pub(crate) fn tell_cancelled(&self) {
        self.tell_of_it(&|probe, number| probe.cancelled(number));
    }

    pub(crate) fn tell_completed(&self, outcome: Outcome) {
        self.tell_of_it(&|probe, number| probe.completed(number, outcome));
    }

    /// Tells what has to do with this coroutine, unless it is hidden.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_of_it(&self, event: &dyn Fn(&dyn Probe, u64)) {
        if probe::is_listening() && !self.state.is_hidden() {
            probe::tell(&|probe| event(probe, self.identity.id));
        }
    }
}
