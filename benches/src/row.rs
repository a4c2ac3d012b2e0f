//! [`Row`]: what is to be measured, how large it is, and the [`Bar`] that coscope is to meet. Imports nothing of this
//! crate.

use std::fmt;

/// One row of the results.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// The work, by the name that peers know; rows that differ in size alone share it.
    pub(crate) work: &'static str,
    pub(crate) about: String,
    pub(crate) n: usize,
    /// Worker threads.
    pub(crate) threads: usize,
    pub(crate) shows: Shows,
    pub(crate) pace: Pace,
    pub(crate) bars: Vec<Bar>,
    /// The part of the library that is to meet the bar.
    pub(crate) part: &'static str,
    /// The table that the row is a column of, where it is no table of its own.
    pub(crate) series: Option<String>,
    /// The only peers that are asked, where not all who can do the work matter.
    pub(crate) only: &'static [&'static str],
    /// The peers in other languages that are asked: those that its bar, or what it is compared with, names.
    pub(crate) abroad: &'static [&'static str],
    /// More rounds than this say nothing more.
    pub(crate) rounds: usize,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Nanoseconds for each operation.
    Each,
    /// Milliseconds for the whole.
    Whole,
    /// Milliseconds, of which the one in a hundred that is late matters.
    Late,
    /// How often threads wake, each second.
    Wakes,
}

/// How often it is done in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// A warm-up, then many times.
    Brief,
    /// Once: it takes a second or more.
    Long,
    /// So often, after one that does not count.
    Times(usize),
    /// As a document has it: points, each the least, most and average of so many.
    Points(usize),
}

/// What is asked of coscope.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    /// At most so many times the best peer.
    Best(f64),
    /// At most so many times this peer.
    Peer(&'static str, f64),
    /// At most so many nanoseconds each, or milliseconds in all.
    Most(f64),
    /// So many milliseconds at most, but for one in a hundred.
    Late(f64),
    /// CPU time: at most so many times that of the peer with the least.
    Cpu(f64),
    /// Peak memory: at most so many times that of the peer with the least.
    Memory(f64),
    /// At most so many instructions each. They are counted, not timed.
    Instructions(f64),
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bar::Best(ratio) => write!(f, "best {ratio}"),
            Bar::Peer(peer, ratio) => write!(f, "{peer} {ratio}"),
            Bar::Most(figure) => write!(f, "most {figure}"),
            Bar::Late(figure) => write!(f, "late {figure}"),
            Bar::Cpu(ratio) => write!(f, "cpu {ratio}"),
            Bar::Memory(ratio) => write!(f, "memory {ratio}"),
            Bar::Instructions(most) => write!(f, "instructions {most}"),
        }
    }
}

impl Row {
    /// A row of brief work on two worker threads, which shows the cost of each operation.
    pub(crate) fn new(id: &'static str, about: &str, n: usize) -> Row {
        Row {
            id: id.to_owned(),
            work: id,
            about: about.to_owned(),
            n,
            threads: 2,
            shows: Shows::Each,
            pace: Pace::Brief,
            bars: Vec::new(),
            part: "ground",
            series: None,
            only: &[],
            abroad: &[],
            rounds: usize::MAX,
        }
    }

    /// The bars, all to be met.
    pub(crate) fn bars(mut self, bars: &[Bar]) -> Row {
        self.bars = bars.to_vec();
        self
    }

    /// One thread.
    pub(crate) fn single(mut self) -> Row {
        self.threads = 1;
        self
    }

    /// Long work: shows the time of the whole.
    pub(crate) fn whole(mut self) -> Row {
        self.shows = Shows::Whole;
        self.pace = Pace::Long;
        self
    }

    /// Compared with these peers in other languages.
    pub(crate) fn abroad(mut self, peers: &'static [&'static str]) -> Row {
        self.abroad = peers;
        self
    }

    /// The same work as another row.
    pub(crate) fn same_work_as(mut self, work: &'static str) -> Row {
        self.work = work;
        self
    }
}
