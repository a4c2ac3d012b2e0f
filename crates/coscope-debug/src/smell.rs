//! What looks wrong with one coroutine alone: a step without end, no step after a wake, no wake.

use crate::activity::Activity;
use crate::finding::{Finding, FindingKind};
use crate::limits::{Limits, beyond};
use crate::record::{Launched, Record, Span, State};

/// What looks wrong with `record`, if anything. `activity` is what the store knows of it.
pub(crate) fn smell(
    record: &Record,
    activity: impl FnOnce() -> Option<Activity>,
    limits: &Limits,
) -> Option<Finding> {
    let (kind, text) = match record.state {
        State::Running if beyond(record.in_state, limits.step) => {
            (FindingKind::LongStep, long_step(record, activity().as_ref()))
        }
        State::Scheduled if beyond(record.in_state, limits.poll) => {
            (FindingKind::NotPolled, not_polled(record))
        }
        State::Suspended if record.wait.is_none() && beyond(record.in_state, limits.wake) => {
            (FindingKind::NotWoken, not_woken(record, activity().as_ref()))
        }
        _ => return None,
    };
    Some(Finding { kind, jobs: vec![record.key], text })
}

fn long_step(record: &Record, activity: Option<&Activity>) -> String {
    let thread = activity.and_then(|activity| activity.thread.as_deref());
    let on_thread = thread.map_or(String::new(), |thread| format!(" on thread {thread}"));
    let came_from = match &record.wait {
        Some(wait) => format!("; its last wait was in {wait}"),
        None => String::new(),
    };
    format!(
        "{}{} has been in one step for {}{on_thread}{came_from}. Until the step ends no cancel takes effect in it: \
         move blocking calls to `Dispatchers::io()`, and call `yield_now().await` in long computations",
        record.label(),
        Launched(record),
        Span(record.in_state),
    )
}

fn not_polled(record: &Record) -> String {
    let dispatcher = record.dispatcher.as_deref().unwrap_or("its dispatcher");
    format!(
        "{}{} was woken {} ago and has not been polled since: {dispatcher} is busy with steps that do not end, has \
         stopped, or has lost the step",
        record.label(),
        Launched(record),
        Span(record.in_state),
    )
}

fn not_woken(record: &Record, activity: Option<&Activity>) -> String {
    let history = match activity {
        Some(Activity { steps, wakes, .. }) => format!(" (so far: steps {steps}, wakes {wakes})"),
        None => String::new(),
    };
    format!(
        "{}{} has waited for {} in a future that is not coscope's, and nobody has woken it since{history}. Has that \
         future lost the waker of its last poll?",
        record.label(),
        Launched(record),
        Span(record.in_state),
    )
}
