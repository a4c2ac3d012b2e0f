//! W7: the documents' table. A hundred orders that suspend, block, compute or allocate, on 1, 2, 64 and 100 threads,
//! against the ideal: as many rounds as it takes, without any loss. Where tasks wait, arithmetic says what one takes;
//! where they compute, bare threads say it, in the same process and right before.

use std::hint::black_box;
use std::thread::{available_parallelism, scope};
use std::time::{Duration, Instant};

use crate::row::{Bar, Pace, Row};

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Suspend,
    Block,
    Compute,
    Allocate,
}

/// How often tasks that compute are done in one process, and how many each thread does to show what one takes.
const TIMES: usize = 5;
const TRIED: u32 = 12;

/// The names of the kinds, as they stand in the row's name.
const KINDS: [(&str, Kind); 4] = [
    ("W7-suspend", Kind::Suspend),
    ("W7-block", Kind::Block),
    ("W7-cpu", Kind::Compute),
    ("W7-memory", Kind::Allocate),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (work, kind) in KINDS {
        for threads in [1, 2, 64, 100] {
            let computes = !matches!(kind, Kind::Suspend | Kind::Block);
            let mut row = Row::new(work, "", 100).whole().bars(&[Bar::Peer("ideal", 1.02)]);
            row.id = format!("{work}-{threads}");
            row.about = format!("100 tasks, {} threads: {work}", threads);
            row.threads = threads;
            if computes {
                row.pace = Pace::Times(TIMES);
            }
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

    /// How long `n` orders take without any loss.
    pub(crate) fn ideal(self, n: usize, threads: usize) -> Duration {
        let one = match self {
            Kind::Suspend | Kind::Block => self.wait(threads),
            Kind::Compute | Kind::Allocate => self.alone(threads),
        };
        one * n.div_ceil(self.at_once(threads)) as u32
    }

    /// How long an order takes on a bare thread, with as many others beside it as there will be.
    fn alone(self, threads: usize) -> Duration {
        let work = || (0..TRIED).for_each(|_| self.occupy(threads));
        let began = Instant::now();
        scope(|all| (0..self.at_once(threads)).for_each(|_| drop(all.spawn(work))));
        began.elapsed() / TRIED
    }

    /// How many can be under way at once.
    fn at_once(self, threads: usize) -> usize {
        match self {
            Kind::Suspend => usize::MAX,
            Kind::Block => threads,
            Kind::Compute | Kind::Allocate => threads.min(available_parallelism().map_or(1, usize::from)),
        }
    }
}

fn compute() {
    let mut i = i32::MAX / 400;
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
