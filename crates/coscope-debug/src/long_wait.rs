//! What many wait for, for long: a lock that is held across a wait, a channel that nobody receives from.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::finding::{Finding, FindingKind};
use crate::limits::{Limits, beyond};
use crate::record::{At, Record, Span, Subject};
use crate::waits::{JOB, Met, Resource, SEMAPHORE, Waiter};

/// Whether the one who has waited longest for `resource` has waited too long, and it can be said for whom.
pub(crate) fn is_long(resource: &Resource, met: &HashMap<u64, Met>, limits: &Limits) -> bool {
    let has_holder = resource.on != JOB && !resource.holders.is_empty();
    let is_telling = resource.wants_receiver || has_holder || beyond_free(resource, limits);
    is_telling
        && resource
            .waiters
            .first()
            .is_some_and(|first| beyond(waited(first, met.get(&first.id)), limits.wait))
}

/// Whether it was given back long ago, and the one whose turn it is has not come to take it.
fn beyond_free(resource: &Resource, limits: &Limits) -> bool {
    resource.free_for.is_some_and(|time| beyond(time, limits.wait))
}

/// On its own clock, if it is known: that of a test is another than the store's.
fn waited(waiter: &Waiter, met: Option<&Met>) -> Duration {
    met.and_then(|met| met.in_state).unwrap_or(waiter.since)
}

/// Says so. `None` if the one who waits has gone on meanwhile.
pub(crate) fn describe(
    resource: &Resource,
    met: &HashMap<u64, Met>,
    named: &HashMap<u64, Record>,
) -> Option<Finding> {
    let record_of = |id: u64| named.get(&met.get(&id)?.key);
    let first = resource.waiters.first()?;
    let waiter = record_of(first.id)?;
    let holders: Vec<&Record> = resource.holders.iter().filter_map(|holder| record_of(holder.id)).collect();
    let place = first.at.map_or(String::new(), |at| format!(" at {}", At(at)));
    let time = waited(first, met.get(&first.id));
    let mut text = format!("{} has waited for {}{place}", Subject(waiter), Span(time));
    text.push_str(&match resource.waiters.len() - 1 {
        0 => String::new(),
        1 => " (and one more)".to_owned(),
        more => format!(" (and {more} more)"),
    });
    if resource.wants_receiver {
        text.push_str(&nobody_receives(&holders));
    } else if let Some(time) = resource.free_for {
        text.push_str(&not_taken(resource, time));
    } else {
        text.push_str(&held(resource, &holders));
    }
    let jobs = holders.iter().map(|record| record.key).chain([waiter.key]).collect();
    Some(Finding { kind: FindingKind::LongWait, jobs, text })
}

fn held(resource: &Resource, holders: &[&Record]) -> String {
    let Some(holder) = holders.first() else {
        return format!(
            " for the {}, which was last given to a coroutine that has ended: its guard lives on elsewhere",
            resource.on
        );
    };
    let taken = resource.holders.iter().find(|one| Some(one.id) == holder.id).and_then(|holder| holder.at);
    let taken = taken.map_or(String::new(), |at| format!(", asked for at {}", At(at)));
    format!(
        " for the {} that {} has{taken}; meanwhile that one is {}. Let go of it before a long wait, or keep what it \
         guards in an actor",
        resource.on,
        Subject(holder),
        Doing(holder),
    )
}

/// `suspended 3.2 s in delay at src/main.rs:20`.
struct Doing<'a>(&'a Record);

impl fmt::Display for Doing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.state)?;
        if let Some(time) = self.0.in_state {
            write!(f, " for {}", Span(time))?;
        }
        self.0.wait.map_or(Ok(()), |wait| write!(f, " in {wait}"))
    }
}

fn not_taken(resource: &Resource, time: Duration) -> String {
    if resource.on == SEMAPHORE {
        return format!(
            " for permits of a semaphore. Some were given back {} ago, and it has not gone on since: it wants more than \
             that, or its future is kept somewhere where nobody polls it, such as behind a reference in a select",
            Span(time),
        );
    }
    format!(
        " for the {}, which was given back {} ago and is kept for it: its coroutine has not polled the wait since. Is \
         that future kept somewhere where nobody polls it, such as behind a reference in a select?",
        resource.on,
        Span(time),
    )
}

fn nobody_receives(receivers: &[&Record]) -> String {
    match receivers.first() {
        Some(last) => format!(
            " for room in a channel; {} was the last to receive from it, and is {}",
            Subject(last),
            Doing(last),
        ),
        None => " for room in a channel from which nobody has received yet: is its receiver still polled?"
            .to_owned(),
    }
}
