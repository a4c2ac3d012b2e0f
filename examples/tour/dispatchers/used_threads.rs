//! Notes which threads work is done on, and how much at once.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::stage::thread;

/// Which threads work was done on, and how much at once.
#[derive(Default)]
pub(super) struct UsedThreads(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    names: BTreeSet<String>,
    now: usize,
    most: usize,
}

impl UsedThreads {
    /// Does `work` here, and notes it.
    pub(super) fn note(&self, work: impl FnOnce()) {
        {
            let mut seen = self.0.lock().unwrap();
            seen.names.insert(thread());
            seen.now += 1;
            seen.most = seen.most.max(seen.now);
        }
        work();
        self.0.lock().unwrap().now -= 1;
    }

    /// How many threads there were.
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().names.len()
    }

    /// How many worked at once, at most.
    pub(super) fn most_at_once(&self) -> usize {
        self.0.lock().unwrap().most
    }

    /// Whether each of their names begins so.
    pub(super) fn are_all(&self, prefix: &str) -> bool {
        self.0.lock().unwrap().names.iter().all(|name| name.starts_with(prefix))
    }
}
