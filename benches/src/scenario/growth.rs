//! Whether costs grow: W1a, W6, W9 and W10 with a thousand to a million operations, beside a plain `Vec<Box<_>>` of the
//! same size, which shows what the caches do; and W1a and W4 on one to sixteen workers. A coroutine's block is as large as a
//! box here.

use std::hint::black_box;

use super::{w1, w6, w9, w10};
use crate::row::Row;
use crate::sample::{Sample, Watch};

/// The work of the yardstick.
pub(crate) const BOXES: &str = "boxes";

/// How many bytes a box has: about as the block of a coroutine that returns a string (a million of them take 280 MB).
const BYTES: usize = 256;

/// Whose growth it is; and the yardstick.
const GROW: &[&str] = &["coscope", "Vec<Box<_>>"];

/// By the number of workers: which work, and with whom it is compared.
const WORKERS: &[(&str, usize, &[&str])] = &[
    ("W1a", 10_000, &["coscope", "tokio", "smol"]),
    ("W4-spsc-64", 400_000, &["coscope", "kanal"]),
    ("W4-mpmc-0", 400_000, &["coscope", "kanal"]),
    ("W4-mpmc-64", 400_000, &["coscope", "kanal"]),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let works = [w1::rows(), w6::rows(), w9::rows(), w10::rows()].concat();
    let grows = |row: &&Row| ["W1a", "W6", "W9-each", "W9-batch", "W10-flat", "W10-tree"].contains(&row.work);
    let boxes = Row::new(BOXES, "a plain `Vec<Box<_>>` of 256 bytes each", 0);
    for work in works.iter().filter(grows).chain([&boxes]) {
        for (n, label) in [(1_000, "1e3"), (10_000, "1e4"), (100_000, "1e5"), (1_000_000, "1e6")] {
            rows.push(Row {
                id: format!("growth-{}-{label}", work.work),
                about: format!("{} with n = {n}", work.work),
                n,
                bars: Vec::new(),
                series: Some(format!("growth of {}", work.work)),
                only: GROW,
                abroad: &[],
                ..work.clone()
            });
        }
    }
    for &(work, n, peers) in WORKERS {
        for threads in [1, 2, 4, 8, 16] {
            let mut row = Row::new(work, &format!("{work} on {threads} workers"), n);
            row.id = format!("threads-{work}-{threads}");
            row.threads = threads;
            row.series = Some(format!("{work} by workers"));
            row.only = peers;
            rows.push(row);
        }
    }
    rows
}

/// The yardstick.
pub(crate) fn boxes(n: usize) -> Sample {
    let watch = Watch::start();
    let all: Vec<Box<[usize; BYTES / 8]>> = (0..n).map(|index| Box::new([index; BYTES / 8])).collect();
    // no compiler may know what is in the boxes, or leave them out
    let done = black_box(&all).iter().map(|one| usize::from(one[0] == one[BYTES / 8 - 1])).sum();
    drop(all);
    watch.stop(done, n)
}
