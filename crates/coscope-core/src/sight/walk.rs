//! [`Walk`]: a job and all below it, one after the other, while they run. [`tree`]: the same as text.

use std::fmt::{self, Write};
use std::vec;

use super::ChildCursor;
use crate::job::Job;

/// So many children are taken at a time.
const FEW: usize = 32;

/// Goes over a job and all below it, each parent before its children, scopes included. Nothing stops meanwhile: whoever
/// hangs there all the time is met once, and nobody twice or without the parent. What it keeps grows with the depth only, and
/// not where each job has one child.
///
/// ```
/// # use coscope::{prelude::*, sight::{Walk, Walked}};
/// run_blocking(async |s: Scope| {
///     s.named("fetch").launch(std::future::pending());
///     let met: Vec<Walked> = Walk::new(current_job()).collect();
///     let depths: Vec<(&str, usize)> = met.iter().map(|walked| (walked.job.name(), walked.depth)).collect();
///     assert_eq!(depths, [("coroutine", 0), ("scope", 1), ("fetch", 2)]);
///     current_job().cancel_children("seen");
/// });
/// ```
pub struct Walk {
    first: Option<Job>,
    levels: Vec<Level>,
}

/// A job that a [`Walk`] has come to.
///
/// ```
/// # use coscope::{prelude::*, sight::{Walk, Walked}};
/// run_blocking(async |_: Scope| {
///     let first: Walked = Walk::new(current_job()).next().unwrap();
///     assert_eq!((first.job, first.depth, first.parent), (current_job(), 0, None));
/// });
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Walked {
    /// The job.
    pub job: Job,
    /// How far below the one that the walk began with.
    pub depth: usize,
    /// The key of the job right above, which the walk has come to before; none of the first.
    pub parent: Option<u64>,
}

/// The children of a job, as far as they have not been met.
struct Level {
    job: Job,
    depth: usize,
    cursor: ChildCursor,
    few: vec::IntoIter<Job>,
    /// There are no more behind these few.
    is_last: bool,
}

impl Walk {
    /// One that begins with `job`.
    ///
    /// See [`Walk`] for an example.
    pub fn new(job: Job) -> Self {
        Walk { first: Some(job), levels: Vec::new() }
    }

    fn descend(&mut self, job: &Job, depth: usize) {
        if job.node().state.has_children() {
            let few = Vec::new().into_iter();
            let level = Level { job: job.clone(), depth, cursor: ChildCursor::new(), few, is_last: false };
            self.levels.push(level);
        }
    }
}

impl Iterator for Walk {
    type Item = Walked;

    fn next(&mut self) -> Option<Walked> {
        if let Some(job) = self.first.take() {
            self.descend(&job, 0);
            return Some(Walked { job, depth: 0, parent: None });
        }
        loop {
            let level = self.levels.last_mut()?;
            if let Some(job) = level.few.next() {
                let (depth, parent) = (level.depth + 1, Some(level.job.key()));
                if level.is_last && level.few.len() == 0 {
                    self.levels.pop(); // a chain keeps nothing
                }
                self.descend(&job, depth);
                return Some(Walked { job, depth, parent });
            }
            if level.is_last {
                self.levels.pop();
                continue;
            }
            let few = level.job.children_after(&mut level.cursor, FEW);
            level.is_last = few.len() < FEW;
            if level.is_last {
                level.cursor = ChildCursor::new();
            }
            level.few = few.into_iter();
        }
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Walk({} levels down)", self.levels.len())
    }
}

/// The job and all below it as text, a line each, children further in; at most `most` lines.
///
/// ```
/// # use coscope::{prelude::*, sight};
/// run_blocking(async |s: Scope| {
///     s.named("fetch").launch(std::future::pending());
///     let text = sight::tree(&current_job(), 100);
///     assert!(text.lines().nth(2).unwrap().starts_with("    \"fetch#"));
///     current_job().cancel_children("seen");
/// });
/// ```
pub fn tree(job: &Job, most: usize) -> String {
    let mut text = String::new();
    for (at, walked) in Walk::new(job.clone()).enumerate() {
        if at == most {
            text.push_str("… and more\n");
            break;
        }
        let indent = 2 * walked.depth.min(40);
        let _ = writeln!(text, "{:indent$}{}", "", walked.job.sight());
    }
    text
}
