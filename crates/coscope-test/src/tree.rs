//! The job tree as text.

use std::fmt::Write;

use coscope_core::Job;
use coscope_core::sight::{ChildCursor, JobKind};

/// So many coroutines are shown.
const MOST: usize = 200;

/// The job and all below it, a line each: how far it has come, where it waits, where it was launched. Scopes are shown
/// by what is in them.
pub(crate) fn show(job: &Job) -> String {
    let mut text = String::new();
    let mut shown = 0;
    let mut to_show = vec![(job.clone(), 0)];
    while let Some((job, depth)) = to_show.pop() {
        let sight = job.sight();
        let is_shown = !matches!(sight.kind, JobKind::Scope | JobKind::Root) || depth == 0;
        if is_shown {
            if shown == MOST {
                let _ = writeln!(text, "… and more");
                break;
            }
            shown += 1;
            let _ = writeln!(text, "{:1$}{sight}", "", depth * 2);
        }
        let depth = depth + usize::from(is_shown);
        let few = job.children_after(&mut ChildCursor::new(), MOST + 1);
        to_show.extend(few.into_iter().rev().map(|child| (child, depth)));
    }
    text
}
