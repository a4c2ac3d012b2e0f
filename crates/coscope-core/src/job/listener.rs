//! Who wants to hear when a job is being cancelled, asked to stop, or has completed.

use std::fmt;

/// When a listener is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// The job is asked to come to an end.
    Stop,
    /// The job is being cancelled, or has completed without.
    Cancel,
    /// The job has completed.
    Complete,
}

type Call = Box<dyn FnOnce() + Send>;

/// The listeners of a node, each called once, or taken out before.
#[derive(Default)]
pub(crate) struct Listeners {
    next: u64,
    entries: Vec<(u64, Event, Call)>,
}

impl Listeners {
    pub(crate) fn add(&mut self, event: Event, call: Call) -> u64 {
        self.next += 1;
        self.entries.push((self.next, event, call));
        self.next
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes one out, to be dropped outside the lock.
    pub(crate) fn remove(&mut self, number: u64) -> Option<Call> {
        let at = self.entries.iter().position(|(n, ..)| *n == number)?;
        Some(self.entries.remove(at).2)
    }

    /// Takes out all that wait for `event`, to be called outside the lock.
    pub(crate) fn take(&mut self, event: Event) -> Vec<Call> {
        let (due, left) = std::mem::take(&mut self.entries).into_iter().partition(|(_, e, _)| *e == event);
        self.entries = left;
        let due: Vec<(u64, Event, Call)> = due;
        due.into_iter().map(|(.., call)| call).collect()
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listeners({})", self.entries.len())
    }
}
