//! W7: the documents' table. A hundred orders that suspend, block, compute or allocate, on 1, 2, 64 and 100 threads,
//! against the ideal: as many rounds as it takes, without any loss.

use std::hint::black_box;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::row::{Bar, Row};

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Suspend,
    Block,
    Compute,
    Allocate,
}

/// The names of the kinds, as they stand in the row's name.
const KINDS: [(&str, Kind); 4] = [
    ("W7-suspend", Kind::Suspend),
    ("W7-block", Kind::Block),
    ("W7-cpu", Kind::Compute),
    ("W7-memory", Kind::Allocate),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (work, _) in KINDS {
        for threads in [1, 2, 64, 100] {
            let mut row = Row::new(work, "", 100).whole().bars(&[Bar::Peer("ideal", 1.02)]);
            row.id = format!("{work}-{threads}");
            row.about = format!("100 tasks, {} threads: {work}", threads);
            row.threads = threads;
            row.series = Some(work.to_owned());
            rows.push(row);
        }
    }
    rows
}

impl Kind {
    /// The kind that a row is about.
    pub(crate) fn of(work: &str) -> Option<Kind> {
        KINDS.iter().find(|(name, _)| *name == work).map(|(_, kind)| *kind)
    }

    /// How long an order waits: so that all take a second or two.
    pub(crate) fn wait(self, threads: usize) -> Duration {
        match self {
            Kind::Suspend => Duration::from_secs(1),
            _ => Duration::from_millis(match threads {
                1 => 20,
                2 => 40,
                64 => 500,
                _ => 1_000,
            }),
        }
    }

    /// An order that keeps its thread busy, or asleep.
    pub(crate) fn occupy(self, threads: usize) {
        match self {
            Kind::Suspend => {}
            Kind::Block => std::thread::sleep(self.wait(threads)),
            Kind::Compute => compute(),
            Kind::Allocate => allocate(),
        }
    }

    /// How many can be under way at once, for the ideal.
    pub(crate) fn at_once(self, threads: usize) -> usize {
        match self {
            Kind::Suspend => usize::MAX,
            Kind::Block => threads,
            Kind::Compute | Kind::Allocate => threads.min(available_parallelism().map_or(1, usize::from)),
        }
    }
}

fn compute() {
    let mut i = i32::MAX / 200;
    while i > 0 {
        i -= black_box(if i % 2 == 0 { 1 } else { 2 });
    }
}

fn allocate() {
    let list: Vec<usize> = (0..1_000).collect();
    for _ in 0..2_000 {
        let lists: Vec<Vec<usize>> = (0..10).map(|_| list.clone()).collect();
        black_box(lists.iter().flatten().sum::<usize>());
    }
}
