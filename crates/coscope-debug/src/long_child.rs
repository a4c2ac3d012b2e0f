//! Scopes that have waited for long: which, and for whom.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

use coscope_core::sight::{Phase, WaitKind};

use crate::finding::{Finding, FindingKind};
use crate::limits::beyond;
use crate::line::line;
use crate::path::Path;
use crate::record::{Record, Span, Subject};

/// So many of the children are named.
const NAMED: usize = 5;

#[derive(Default)]
pub(crate) struct LongChildren(Vec<LateScope>);

/// A coroutine that has waited for too long.
struct LateScope {
    key: u64,
    children: Vec<u64>,
    more: usize,
    /// One below it waits as long: that one is to blame.
    is_behind: bool,
}

impl LongChildren {
    /// Looks at a coroutine, and says which place in the list it has, if it waits too long.
    pub(crate) fn see(
        &mut self,
        record: &Record,
        path: &Path,
        limit: Option<Duration>,
        most: usize,
    ) -> Option<usize> {
        if record.is_region() {
            return None;
        }
        let holder = path.held_up().find(|above| !above.is_region).and_then(|above| above.late);
        if let Some(holder) = holder {
            let late = &mut self.0[holder];
            match late.children.len() {
                0..NAMED => late.children.push(record.key),
                _ => late.more += 1,
            }
        }
        let is_late = record.waits_for_children() && record.in_state.is_some_and(|time| beyond(time, limit));
        if !is_late || self.0.len() >= most {
            return None;
        }
        for late in path.held_up().filter_map(|above| above.late) {
            self.0[late].is_behind = true;
        }
        self.0.push(LateScope { key: record.key, children: Vec::new(), more: 0, is_behind: false });
        Some(self.0.len() - 1)
    }

    /// Leaves out those that are not to blame, and those of `told`.
    pub(crate) fn sift(&mut self, told: &HashSet<u64>) {
        self.0.retain(|scope| !scope.is_behind && !scope.children.is_empty() && !told.contains(&scope.key));
    }

    /// The keys of those to be named.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = u64> {
        self.0.iter().flat_map(|scope| scope.children.iter().copied().chain([scope.key]))
    }

    pub(crate) fn findings(&self, named: &HashMap<u64, Record>) -> impl Iterator<Item = Finding> {
        self.0.iter().filter_map(|scope| scope.describe(named))
    }
}

const STILL_OPEN: &str = "\n    nobody has closed the channel that it receives from, and somebody keeps a sender of it: close it, or let \
                          the last sender go";

fn is_receiving(record: &Record) -> bool {
    let kind = record.wait.filter(|_| record.state == Phase::Suspended).map(|wait| wait.kind);
    matches!(kind, Some(WaitKind::ChannelRecv))
}

impl LateScope {
    fn describe(&self, named: &HashMap<u64, Record>) -> Option<Finding> {
        let scope = named.get(&self.key)?;
        let children: Vec<&Record> = self.children.iter().filter_map(|key| named.get(key)).collect();
        if children.is_empty() {
            return None;
        }
        let waited = scope.in_state.map_or(String::new(), |time| format!(" for {}", Span(time)));
        let place = scope.wait.map_or(String::new(), |wait| format!(" in {wait}"));
        let mut text = format!("{} has waited{waited}{place}, for what it has launched:", Subject(scope));
        for child in &children {
            let _ = write!(text, "\n  {}", line(child));
            if is_receiving(child) {
                text.push_str(STILL_OPEN);
            }
        }
        if self.more > 0 {
            let _ = write!(text, "\n  and {} more", self.more);
        }
        text.push_str("\n  A scope ends when its children have: give them an end, or cancel them");
        let jobs = children.iter().map(|child| child.key).chain([self.key]).collect();
        Some(Finding { kind: FindingKind::LongChild, jobs, text })
    }
}
