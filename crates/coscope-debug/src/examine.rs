//! [`Examination`]: looks at each job of a walk as it comes by, and keeps a few numbers of those that matter.
//! What it then says is said with the records of a second walk, which names only those, and is left unsaid if they
//! have gone on meanwhile. Pure: it sees data, not the tree.

use std::collections::{HashMap, HashSet};

use crate::activity::Activity;
use crate::deadlock;
use crate::finding::{Finding, FindingKind};
use crate::graph::{Cycle, Graph, Until};
use crate::limits::{Limits, beyond};
use crate::long_wait;
use crate::record::{Launched, Record, Span, State};
use crate::smell::smell;
use crate::waits::Resource;

/// So many findings of a kind are told.
const MOST: usize = 32;

pub(crate) struct Examination<'a> {
    limits: Limits,
    waits: &'a [Resource],
    involved: HashSet<u64>,
    /// The jobs above the one that comes by.
    path: Vec<Above>,
    /// The keys of those involved.
    keys: HashMap<u64, u64>,
    graph: Graph,
    told: Vec<Finding>,
    late: Vec<LateScope>,
}

struct Above {
    key: u64,
    waits_for_children: bool,
    /// Its place in `late`.
    late: Option<usize>,
}

/// A scope that has waited for too long.
struct LateScope {
    key: u64,
    /// The coroutine that it is in.
    owner: Option<u64>,
    children: Vec<u64>,
    more: usize,
    /// One below it waits as long: that one is to blame.
    is_behind: bool,
}

/// What has been seen, to be said with names.
pub(crate) struct Suspicion<'a> {
    waits: &'a [Resource],
    long_waits: Vec<&'a Resource>,
    keys: HashMap<u64, u64>,
    cycles: Vec<Cycle>,
    told: Vec<Finding>,
    late: Vec<LateScope>,
}

impl<'a> Examination<'a> {
    pub(crate) fn new(limits: Limits, waits: &'a [Resource]) -> Self {
        Examination {
            limits,
            waits,
            involved: deadlock::involved(waits),
            path: Vec::new(),
            keys: HashMap::new(),
            graph: Graph::default(),
            told: Vec::new(),
            late: Vec::new(),
        }
    }

    /// The next job of a walk in which each parent comes before its children.
    pub(crate) fn see(&mut self, record: &Record, activity: impl FnOnce(u64) -> Option<Activity>) {
        while self.path.last().is_some_and(|above| Some(above.key) != record.parent) {
            self.path.pop();
        }
        if let Some(id) = record.id.filter(|id| self.involved.contains(id)) {
            self.keys.insert(id, record.key);
            self.holds_up_those_above(record.key);
        }
        let may_smell = matches!(record.state, State::Running | State::Scheduled | State::Suspended);
        if may_smell
            && self.told.len() < MOST
            && let Some(finding) = smell(record, || record.id.and_then(activity), &self.limits)
        {
            self.told.push(finding);
        }
        let late = self.is_late(record);
        self.path.push(Above { key: record.key, waits_for_children: record.waits_for_children(), late });
    }

    /// Those above wait for this one, as far as they do nothing but wait for their children.
    fn holds_up_those_above(&mut self, key: u64) {
        let mut below = key;
        for above in self.path.iter().rev().take_while(|above| above.waits_for_children) {
            self.graph.add(above.key, below, Until::All);
            below = above.key;
        }
    }

    fn is_late(&mut self, record: &Record) -> Option<usize> {
        if let Some(parent) = self.path.last().and_then(|above| above.late) {
            let parent = &mut self.late[parent];
            match parent.children.len() {
                0..5 => parent.children.push(record.key),
                _ => parent.more += 1,
            }
        }
        let is_late = record.state == State::Waiting && beyond(record.in_state, self.limits.child);
        if !is_late || self.late.len() >= MOST {
            return None;
        }
        for above in self.path.iter().rev().take_while(|above| above.waits_for_children) {
            if let Some(late) = above.late {
                self.late[late].is_behind = true;
            }
        }
        let owner = self.path.last().map(|above| above.key).filter(|_| record.id.is_none());
        self.late.push(LateScope { key: record.key, owner, children: Vec::new(), more: 0, is_behind: false });
        Some(self.late.len() - 1)
    }

    /// All have come by.
    pub(crate) fn suspicion(mut self) -> Suspicion<'a> {
        deadlock::add_waits(&mut self.graph, self.waits, &self.keys);
        let mut cycles = self.graph.cycles();
        cycles.truncate(MOST);
        let in_a_cycle: HashSet<u64> = cycles.iter().flat_map(|cycle| cycle.keys.iter().copied()).collect();
        let is_told = |resource: &&Resource| {
            resource
                .waiters
                .iter()
                .any(|one| self.keys.get(&one.id).is_some_and(|key| in_a_cycle.contains(key)))
        };
        let long_waits = self.waits.iter().filter(|resource| long_wait::wait_is_long(resource, &self.limits));
        let mut late = self.late;
        late.retain(|scope| {
            !scope.is_behind && !scope.children.is_empty() && !in_a_cycle.contains(&scope.key)
        });
        Suspicion {
            waits: self.waits,
            long_waits: long_waits.filter(|resource| !is_told(resource)).take(MOST).collect(),
            keys: self.keys,
            cycles,
            told: self.told,
            late,
        }
    }
}

impl Suspicion<'_> {
    /// The keys of all that are to be named.
    pub(crate) fn wanted(&self) -> HashSet<u64> {
        let mut wanted = HashSet::new();
        self.cycles.iter().for_each(|cycle| wanted.extend(&cycle.keys));
        for resource in &self.long_waits {
            let ids = resource.holders.iter().map(|holder| holder.id);
            let ids = ids.chain(resource.waiters.first().map(|waiter| waiter.id));
            wanted.extend(ids.filter_map(|id| self.keys.get(&id)));
        }
        for scope in &self.late {
            wanted.insert(scope.key);
            wanted.extend(scope.owner);
            wanted.extend(&scope.children);
        }
        wanted
    }

    /// What is wrong, in words, deadlocks first.
    pub(crate) fn findings(self, named: &HashMap<u64, Record>) -> Vec<Finding> {
        let cycles = self.cycles.iter().filter_map(|cycle| deadlock::describe(cycle, self.waits, named));
        let late = self.late.iter().filter_map(|scope| scope.describe(named));
        let mut findings: Vec<Finding> = cycles.collect();
        findings.extend(self.told);
        findings.extend(
            self.long_waits.iter().filter_map(|resource| long_wait::describe(resource, &self.keys, named)),
        );
        findings.extend(late);
        findings
    }
}

impl LateScope {
    fn describe(&self, named: &HashMap<u64, Record>) -> Option<Finding> {
        let scope = named.get(&self.key)?;
        let mut text = format!("{}{}", scope.label(), Launched(scope));
        if let Some(owner) = self.owner.and_then(|owner| named.get(&owner)) {
            text.push_str(&format!(", of {}{},", owner.label(), Launched(owner)));
        }
        text.push_str(&format!(" has waited for {} for what it has launched:", Span(scope.in_state)));
        let children: Vec<&Record> = self.children.iter().filter_map(|key| named.get(key)).collect();
        for child in &children {
            text.push_str(&format!("\n  {}", crate::line::Line(child)));
        }
        if self.more > 0 {
            text.push_str(&format!("\n  and {} more", self.more));
        }
        text.push_str("\n  A scope ends when its children have: cancel what is to go, or give it an end");
        let jobs = children.iter().map(|child| child.key).chain([self.key]).collect();
        (!children.is_empty()).then_some(Finding { kind: FindingKind::LongChild, jobs, text })
    }
}

#[cfg(test)]
mod test;
