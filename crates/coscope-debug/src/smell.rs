//! What looks wrong with one coroutine alone: a step without end, no step after a wake, no wake.

use std::time::Duration;

use coscope_core::sight::{Phase, WaitKind};

use crate::activity::Activity;
use crate::finding::{Finding, FindingKind};
use crate::limits::{Limits, beyond};
use crate::line::line;
use crate::record::{Record, Span, Subject};

/// What looks wrong with `record`, if anything. `activity` is what the store knows of it, and `is_known` whether it knows
/// what the coroutine waits for, so that others may be named.
pub(crate) fn smell(
    record: &Record,
    activity: impl FnOnce() -> Option<Activity>,
    limits: &Limits,
    is_known: bool,
) -> Option<Finding> {
    let time = record.in_state?;
    let (kind, text) = match record.state {
        Phase::Running if beyond(time, limits.step) => {
            (FindingKind::LongStep, long_step(record, time, activity().as_ref()))
        }
        Phase::Queued if beyond(time, limits.poll) => (FindingKind::NotPolled, not_polled(record, time)),
        Phase::Suspended if is_foreign(record) && beyond(time, limits.wake) => {
            (FindingKind::NotWoken, not_woken(record, time, activity().as_ref()))
        }
        Phase::Suspended if is_detached(record) && beyond(time, limits.detached) => {
            (FindingKind::LongDetached, long_detached(record))
        }
        Phase::Suspended if !is_known && beyond(time, limits.wait) => {
            (FindingKind::LongWait, long_wait(record, time)?)
        }
        _ => return None,
    };
    Some(Finding { kind, jobs: vec![record.key], text })
}

/// Whether it waits in a future that is not coscope's.
fn is_foreign(record: &Record) -> bool {
    record.wait.is_none_or(|wait| wait.kind == WaitKind::Foreign)
}

/// One that waits for its own children is not to blame.
fn is_detached(record: &Record) -> bool {
    record.detached && !record.waits_for_children()
}

fn long_detached(record: &Record) -> String {
    format!(
        "{}, and hangs below no scope: nobody waits for it, and nothing above it will end it. Launch it in a scope, give \
         it an end, or keep its job to cancel it",
        line(record)
    )
}

/// Of those who wait for what others have, or leave.
fn long_wait(record: &Record, time: Duration) -> Option<String> {
    let wait = record.wait?;
    let why = match wait.kind {
        WaitKind::ChannelSend | WaitKind::Reserve => "the channel is full, and nobody receives from it",
        WaitKind::Lock | WaitKind::Acquire => {
            "who has it is known to those who record: `coscope_debug::record()`"
        }
        _ => return None,
    };
    Some(format!("{} has waited for {} in {wait}: {why}", Subject(record), Span(time)))
}

fn long_step(record: &Record, time: Duration, activity: Option<&Activity>) -> String {
    let thread = activity.and_then(|activity| activity.thread.as_deref());
    let on_thread = thread.map_or(String::new(), |thread| format!(" on thread {thread}"));
    let came_from = match &record.wait {
        Some(wait) => format!("; its last wait was in {wait}"),
        None => String::new(),
    };
    format!(
        "{} has been in one step for {}{on_thread}{came_from}. Until the step ends no cancel takes effect in it: \
         move blocking calls to `Dispatchers::io()`, and call `yield_now().await` in long computations",
        Subject(record),
        Span(time),
    )
}

fn not_polled(record: &Record, time: Duration) -> String {
    let dispatcher = record.dispatcher.as_deref().unwrap_or("its dispatcher");
    format!(
        "{} was woken {} ago and has not been polled since: {dispatcher} is busy with steps that do not end, has \
         stopped, or has lost the step",
        Subject(record),
        Span(time),
    )
}

fn not_woken(record: &Record, time: Duration, activity: Option<&Activity>) -> String {
    let history = match activity {
        Some(Activity { steps, wakes, .. }) => format!(" (so far: steps {steps}, wakes {wakes})"),
        None => String::new(),
    };
    let what = match record.wait {
        Some(wait) => format!("{wait}, a future that is not coscope's"),
        None => "a future that is not coscope's".to_owned(),
    };
    format!(
        "{} has waited for {} in {what}, and nobody has woken it since{history}. Has that \
         future lost the waker of its last poll?",
        Subject(record),
        Span(time),
    )
}
