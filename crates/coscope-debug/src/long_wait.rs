//! What many wait for, for long: a lock that is held across a wait, a channel that nobody receives from.

use std::collections::HashMap;

use crate::finding::{Finding, FindingKind};
use crate::limits::{Limits, beyond};
use crate::record::{At, Launched, Record, Span};
use crate::waits::{Resource, Waiter};

/// Of each resource, at most one finding.
pub(crate) fn wait_is_long(resource: &Resource, limits: &Limits) -> bool {
    let waits = resource.waiters.first().is_some_and(|first| beyond(first.since, limits.wait));
    waits && (!resource.holders.is_empty() || resource.wants_receiver)
}

/// Says so. `None` if the one who waits has gone on meanwhile.
pub(crate) fn describe(
    resource: &Resource,
    keys: &HashMap<u64, u64>,
    named: &HashMap<u64, Record>,
) -> Option<Finding> {
    let record_of = |id: u64| named.get(keys.get(&id)?);
    let first = resource.waiters.first()?;
    let waiter = record_of(first.id)?;
    let holders: Vec<&Record> = resource.holders.iter().filter_map(|holder| record_of(holder.id)).collect();
    let mut text = waits(waiter, first);
    text.push_str(&match resource.waiters.len() - 1 {
        0 => String::new(),
        1 => " (and one more)".to_owned(),
        more => format!(" (and {more} more)"),
    });
    if resource.wants_receiver {
        text.push_str(&nobody_receives(&holders));
    } else {
        text.push_str(&held(resource, &holders));
    }
    let jobs = holders.iter().map(|record| record.key).chain([waiter.key]).collect();
    Some(Finding { kind: FindingKind::LongWait, jobs, text })
}

fn waits(waiter: &Record, wait: &Waiter) -> String {
    let place = wait.at.map_or(String::new(), |at| format!(" at {}", At(at)));
    format!("{}{} has waited for {}{place}", waiter.label(), Launched(waiter), Span(wait.since))
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
    let does = match &holder.wait {
        Some(wait) => format!("is {} for {} in {wait}", holder.state.word(), Span(holder.in_state)),
        None => format!("is {} for {}", holder.state.word(), Span(holder.in_state)),
    };
    format!(
        " for the {}, which {}{} has{taken}, and meanwhile {does}. Let go of it before a long wait, or keep what it \
         guards in an actor",
        resource.on,
        holder.label(),
        Launched(holder),
    )
}

fn nobody_receives(receivers: &[&Record]) -> String {
    match receivers.first() {
        Some(last) => format!(
            " for room in a channel; {}{} received from it last, and is {} for {}{}",
            last.label(),
            Launched(last),
            last.state.word(),
            Span(last.in_state),
            last.wait.map_or(String::new(), |wait| format!(" in {wait}")),
        ),
        None => " for room in a channel from which nobody has received yet: is its receiver still polled?"
            .to_owned(),
    }
}
