//! [`Path`]: what stands above the job that comes by, and which of that waits for it.

use coscope_core::sight::{JobKind, Phase};

use crate::record::Record;

/// The jobs above the one that comes by in a walk.
#[derive(Default)]
pub(crate) struct Path(Vec<Above>);

pub(crate) struct Above {
    pub(crate) key: u64,
    pub(crate) is_region: bool,
    grip: Grip,
    /// Its place in the list of those who have waited for long.
    pub(crate) late: Option<usize>,
}

/// How far a job is held up by those below it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grip {
    /// It waits for them.
    Waits,
    /// A part of a coroutine with a part inside: it is held up if that is.
    Through,
    /// Not at all, or not for ever: a timeout will open it, or another branch.
    Free,
}

impl Path {
    /// Takes away what does not stand above a child of `parent`.
    pub(crate) fn up_to(&mut self, parent: Option<u64>) {
        while self.0.last().is_some_and(|above| Some(above.key) != parent) {
            self.0.pop();
        }
    }

    pub(crate) fn push(&mut self, record: &Record, late: Option<usize>) {
        let is_a_way_out = matches!(record.kind, JobKind::Timeout | JobKind::Select | JobKind::Race);
        let grip = match record.state {
            _ if is_a_way_out => Grip::Free,
            _ if record.waits_for_children() => Grip::Waits,
            Phase::Open if record.is_region() => Grip::Through,
            _ => Grip::Free,
        };
        self.0.push(Above { key: record.key, is_region: record.is_region(), grip, late });
    }

    /// Those that go on only when the job that comes by has ended, the nearest first.
    pub(crate) fn held_up(&self) -> impl Iterator<Item = &Above> {
        let mut is_inside = false;
        self.0.iter().rev().take_while(move |above| {
            let is_held_up = above.grip == Grip::Waits || above.grip == Grip::Through && is_inside;
            is_inside = above.is_region;
            is_held_up
        })
    }
}
