//! Circles of waits: from what the store knows to a text that names each wait.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use crate::finding::{Finding, FindingKind};
use crate::graph::{Cycle, Graph, Until};
use crate::record::{At, Record};
use crate::waits::{Holder, Resource, Waiter};

/// What may always go on: somebody of whom nothing is known.
const SOMEBODY: u64 = u64::MAX;

/// The waits of a scope for its children are in `graph`; adds those for a resource.
pub(crate) fn add_waits(graph: &mut Graph, waits: &[Resource], keys: &HashMap<u64, u64>) {
    for resource in waits {
        let holders: Option<Vec<u64>> =
            resource.holders.iter().map(|holder| keys.get(&holder.id).copied()).collect();
        let holders = match holders {
            Some(holders) if resource.holders_are_all && !holders.is_empty() => holders,
            _ => vec![SOMEBODY],
        };
        for waiter in resource.waiters.iter().filter_map(|waiter| keys.get(&waiter.id)) {
            holders.iter().for_each(|&holder| graph.add(*waiter, holder, Until::Any));
        }
    }
}

/// One circle, in words. `None` if one of those in it has gone on meanwhile.
pub(crate) fn describe(cycle: &Cycle, waits: &[Resource], named: &HashMap<u64, Record>) -> Option<Finding> {
    let members: Vec<&Record> = cycle.keys.iter().map(|key| named.get(key)).collect::<Option<_>>()?;
    let mut text = match members.len() {
        1 => "a coroutine waits for itself, for ever:".to_owned(),
        _ => format!("{} wait for each other, for ever:", Counted(&members)),
    };
    for (at, member) in members.iter().enumerate() {
        let next = members[(at + 1) % members.len()];
        let _ = write!(text, "\n  {}", link(member, next, waits));
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
    let jobs = cycle.keys.clone();
    Some(Finding { kind: FindingKind::Deadlock, jobs, text })
}

/// One wait of the circle.
fn link(waiter: &Record, holder: &Record, waits: &[Resource]) -> String {
    let who = waiter.label();
    let Some((resource, waits_since, holds)) = between(waiter, holder, waits) else {
        return format!("{who}{} waits for {}, which is below it", waiting(waiter), holder.label());
    };
    let place = waits_since.at.map_or(String::new(), |at| format!(" at {}", At(at)));
    if resource.on == "Job" {
        return format!("{who} waits{place} for {} to end", holder.label());
    }
    let taken = holds.at.map_or(String::new(), |at| format!(" at {}", At(at)));
    let has = if waiter.key == holder.key {
        "which it has itself".to_owned()
    } else {
        format!("which {} has", holder.label())
    };
    format!("{who} waits{place} for the {}, {has} since it asked{taken}", resource.on)
}

fn waiting(record: &Record) -> String {
    match record.launched_at {
        Some(at) if record.id.is_none() => format!(" at {}", At(at)),
        _ => String::new(),
    }
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

/// `2 coroutines`, or `3 jobs` if scopes are among them.
struct Counted<'a>(&'a [&'a Record]);

impl std::fmt::Display for Counted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all_are_coroutines = self.0.iter().all(|record| record.id.is_some());
        write!(f, "{} {}", self.0.len(), if all_are_coroutines { "coroutines" } else { "jobs" })
    }
}

/// The numbers of all who wait, or have what others wait for.
pub(crate) fn involved(waits: &[Resource]) -> HashSet<u64> {
    let waiters = waits.iter().flat_map(|resource| resource.waiters.iter().map(|waiter| waiter.id));
    let holders = waits.iter().flat_map(|resource| resource.holders.iter().map(|holder| holder.id));
    waiters.chain(holders).collect()
}
