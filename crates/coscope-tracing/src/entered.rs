//! [`enter`], [`exit`]: the spans of the steps that are under way on this thread. Imports nothing of this crate.

use std::cell::RefCell;
use std::sync::Arc;

use tracing::Span;

/// A step that is under way.
struct Step {
    /// Which probe has heard of it.
    probe: usize,
    coroutine: u64,
    span: Arc<Span>,
}

impl Step {
    fn exit(self) {
        self.span.with_subscriber(|(id, subscriber)| subscriber.exit(id));
    }
}

thread_local! {
    /// The innermost last: a step may run inside of another.
    static STEPS: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
}

/// A step of the coroutine begins.
pub(crate) fn enter(probe: usize, coroutine: u64, span: Arc<Span>) {
    span.with_subscriber(|(id, subscriber)| subscriber.enter(id));
    STEPS.with_borrow_mut(|steps| steps.push(Step { probe, coroutine, span }));
}

/// The step of the coroutine has ended, if the probe has heard of its beginning.
pub(crate) fn exit(probe: usize, coroutine: u64) {
    let step = STEPS.with_borrow_mut(|steps| {
        let at = steps.iter().rposition(|step| step.probe == probe && step.coroutine == coroutine)?;
        Some(steps.remove(at))
    });
    step.into_iter().for_each(Step::exit);
}

/// The probe hears nothing more.
pub(crate) fn exit_all(probe: usize) {
    let left = STEPS
        .try_with(|steps| steps.borrow_mut().extract_if(.., |step| step.probe == probe).collect::<Vec<_>>());
    left.into_iter().flatten().rev().for_each(Step::exit);
}
