//! [`Examination`]: looks at each job of a walk as it comes by, and keeps a few numbers of those that matter.
//! What it then says is said with the records of a second walk, which names only those, and is left unsaid if they
//! have gone on meanwhile. Pure: it sees data, not the tree.

use std::collections::{HashMap, HashSet};

use crate::activity::Activity;
use crate::deadlock;
use crate::finding::Finding;
use crate::graph::{Cycle, Graph, Until};
use crate::limits::Limits;
use crate::long_child::LongChildren;
use crate::long_wait;
use crate::path::Path;
use crate::record::Record;
use crate::smell::smell;
use crate::waits::{Met, Resource};

/// So many findings of a kind are told.
const MOST: usize = 32;

pub(crate) struct Examination<'a> {
    limits: Limits,
    waits: &'a [Resource],
    /// Those who wait (`true`), or have what others wait for.
    involved: HashMap<u64, bool>,
    path: Path,
    met: HashMap<u64, Met>,
    graph: Graph,
    told: Vec<Finding>,
    late: LongChildren,
}

/// What has been seen, to be said with names.
pub(crate) struct Suspicion<'a> {
    waits: &'a [Resource],
    long_waits: Vec<&'a Resource>,
    met: HashMap<u64, Met>,
    cycles: Vec<Cycle>,
    told: Vec<Finding>,
    late: LongChildren,
}

impl<'a> Examination<'a> {
    pub(crate) fn new(limits: Limits, waits: &'a [Resource]) -> Self {
        Examination {
            limits,
            waits,
            involved: deadlock::involved(waits),
            path: Path::default(),
            met: HashMap::new(),
            graph: Graph::default(),
            told: Vec::new(),
            late: LongChildren::default(),
        }
    }

    /// The next job of a walk in which each parent comes before its children.
    pub(crate) fn see(&mut self, record: &Record, activity: impl FnOnce(u64) -> Option<Activity>) {
        self.path.up_to(record.parent);
        let involved = record.id.and_then(|id| Some((id, *self.involved.get(&id)?)));
        if let Some((id, _)) = involved {
            self.met.insert(id, Met { key: record.key, in_state: record.in_state });
            let mut below = record.key;
            for above in self.path.held_up().filter(|above| !above.is_region) {
                self.graph.add(above.key, below, Until::All);
                below = above.key;
            }
        }
        if self.told.len() < MOST
            && let Some(finding) = smell(
                record,
                || record.id.and_then(activity),
                &self.limits,
                involved.is_some_and(|(_, waits)| waits),
            )
        {
            self.told.push(finding);
        }
        let late = self.late.see(record, &self.path, self.limits.child, MOST);
        self.path.push(record, late);
    }

    /// All have come by.
    pub(crate) fn suspicion(mut self) -> Suspicion<'a> {
        deadlock::add_waits(&mut self.graph, self.waits, &self.met);
        let mut cycles = self.graph.cycles();
        cycles.truncate(MOST);
        let in_a_cycle: HashSet<u64> = cycles.iter().flat_map(|cycle| cycle.keys.iter().copied()).collect();
        let is_told = |resource: &&Resource| {
            let mut waiters = resource.waiters.iter().filter_map(|one| self.met.get(&one.id));
            waiters.any(|met| in_a_cycle.contains(&met.key))
        };
        let is_long = |resource: &&Resource| long_wait::is_long(resource, &self.met, &self.limits);
        let long_waits = self.waits.iter().filter(is_long).filter(|resource| !is_told(resource));
        self.late.sift(&in_a_cycle);
        Suspicion {
            waits: self.waits,
            long_waits: long_waits.take(MOST).collect(),
            met: self.met,
            cycles,
            told: self.told,
            late: self.late,
        }
    }
}

impl Suspicion<'_> {
    /// Those who wait or are waited for, by their numbers.
    pub(crate) fn met(&self) -> &HashMap<u64, Met> {
        &self.met
    }

    pub(crate) fn has_cycles(&self) -> bool {
        !self.cycles.is_empty()
    }

    /// The keys of all that are to be named.
    pub(crate) fn wanted(&self) -> HashSet<u64> {
        let mut wanted: HashSet<u64> = self.late.wanted().collect();
        self.cycles.iter().for_each(|cycle| wanted.extend(&cycle.keys));
        for resource in &self.long_waits {
            let ids = resource.holders.iter().map(|holder| holder.id);
            let ids = ids.chain(resource.waiters.first().map(|waiter| waiter.id));
            wanted.extend(ids.filter_map(|id| Some(self.met.get(&id)?.key)));
        }
        wanted
    }

    /// What is wrong, in words, deadlocks first. `named` has those wanted, as they are now, and `waits` what is waited
    /// for now.
    pub(crate) fn findings(self, named: &HashMap<u64, Record>, waits: &[Resource]) -> Vec<Finding> {
        let cycles =
            self.cycles.iter().filter_map(|cycle| deadlock::describe(cycle, self.waits, waits, named));
        let mut findings: Vec<Finding> = cycles.collect();
        findings.extend(self.told);
        let long_waits = self.long_waits.iter();
        findings.extend(long_waits.filter_map(|resource| long_wait::describe(resource, &self.met, named)));
        findings.extend(self.late.findings(named));
        findings
    }
}

#[cfg(test)]
mod test;
