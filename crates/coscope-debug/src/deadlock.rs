//! Circles of waits: from what the store knows to a text that names each wait.

use std::collections::HashMap;
use std::fmt::Write;

use coscope_core::sight::Phase;

use crate::finding::{Finding, FindingKind};
use crate::graph::{Cycle, Graph, Until};
use crate::record::{At, Record, Subject};
use crate::waits::{Holder, JOB, Met, Resource, Waiter};

/// What may always go on: somebody of whom nothing is known.
const SOMEBODY: u64 = u64::MAX;

/// The waits of a scope for its children are in `graph`; adds those for a resource.
pub(crate) fn add_waits(graph: &mut Graph, waits: &[Resource], met: &HashMap<u64, Met>) {
    for resource in waits {
        let holders: Option<Vec<u64>> =
            resource.holders.iter().map(|holder| Some(met.get(&holder.id)?.key)).collect();
        let holders = match holders {
            Some(holders) if resource.holders_are_all && !holders.is_empty() => holders,
            _ => vec![SOMEBODY],
        };
        for waiter in &resource.waiters {
            let Some(met) = met.get(&waiter.id) else { continue };
            holders.iter().for_each(|&holder| graph.add(met.key, holder, Until::Any));
            if waiter.has_others {
                graph.add(met.key, SOMEBODY, Until::Any);
            }
        }
    }
}

/// One circle, in words. `None` if one of those in it has gone on since `then`.
pub(crate) fn describe(
    cycle: &Cycle,
    then: &[Resource],
    now: &[Resource],
    named: &HashMap<u64, Record>,
) -> Option<Finding> {
    let members: Vec<&Record> = cycle.keys.iter().map(|key| named.get(key)).collect::<Option<_>>()?;
    let followed = || (0..members.len()).map(|at| (members[at], members[(at + 1) % members.len()]));
    let has_deadline = followed()
        .any(|(waiter, next)| between(waiter, next, then).is_some_and(|(_, wait, _)| wait.has_deadline));
    let mut text = match (members.len(), has_deadline) {
        (1, false) => "a coroutine waits for itself, for ever:".to_owned(),
        (1, true) => "a coroutine waits for itself, until a timeout cuts it off:".to_owned(),
        (several, false) => format!("{several} coroutines wait for each other, for ever:"),
        (several, true) => {
            format!("{several} coroutines wait for each other, until a timeout cuts one of them off:")
        }
    };
    if members.iter().any(|member| matches!(member.state, Phase::Queued | Phase::Running)) {
        return None; // what it waited for has come
    }
    for (waiter, next) in followed() {
        let _ = write!(text, "\n  {}", link(waiter, next, then, now)?);
    }
    match cycle.behind {
        0 => {}
        1 => text.push_str("\n  and one more waits for them"),
        more => {
            let _ = write!(text, "\n  and {more} more wait for them");
        }
    }
    text.push_str(
        "\n  Take locks in one order everywhere, and let go of them before you wait for those that want them",
    );
    Some(Finding { kind: FindingKind::Deadlock, jobs: cycle.keys.clone(), text })
}

/// One wait of the circle. `None` if it is over.
fn link(waiter: &Record, next: &Record, then: &[Resource], now: &[Resource]) -> Option<String> {
    let who = Subject(waiter);
    let Some((resource, wait, holder)) = between(waiter, next, then) else {
        let place = waiter.wait.map_or(String::new(), |wait| format!(" at {}", At(wait.at)));
        return waiter
            .waits_for_children()
            .then(|| format!("{who} waits{place} for its child {}", next.label()));
    };
    between(waiter, next, now).filter(|(_, now, _)| now.serial == wait.serial)?;
    let place =
        wait.at.or(waiter.wait.map(|wait| wait.at)).map_or(String::new(), |at| format!(" at {}", At(at)));
    let taken = holder.at.map_or(String::new(), |at| format!(", asked for at {}", At(at)));
    Some(if resource.on == JOB {
        format!("{who} waits{place} for {} to end", next.label())
    } else if waiter.key == next.key {
        format!("{who} waits{place} for the {} that it has itself{taken}", resource.on)
    } else {
        format!("{who} waits{place} for the {} that {} has{taken}", resource.on, next.label())
    })
}

fn between<'a>(
    waiter: &Record,
    holder: &Record,
    waits: &'a [Resource],
) -> Option<(&'a Resource, &'a Waiter, &'a Holder)> {
    waits.iter().find_map(|resource| {
        let waiter = resource.waiters.iter().find(|one| Some(one.id) == waiter.id)?;
        let holder = resource.holders.iter().find(|one| Some(one.id) == holder.id)?;
        Some((resource, waiter, holder))
    })
}

/// The numbers of all who wait, or have what others wait for; `true` of those who wait.
pub(crate) fn involved(waits: &[Resource]) -> HashMap<u64, bool> {
    let holders = waits.iter().flat_map(|resource| resource.holders.iter().map(|holder| (holder.id, false)));
    let waiters = waits.iter().flat_map(|resource| resource.waiters.iter().map(|waiter| (waiter.id, true)));
    holders.chain(waiters).collect()
}
