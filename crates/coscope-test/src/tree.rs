//! The job tree as text.

use std::fmt::Write;

use coscope_core::Job;

/// So many coroutines are shown.
const MOST: usize = 200;

/// The job and all below it, a line each: name, number, state, launch site.
pub(crate) fn show(job: &Job) -> String {
    let mut text = String::new();
    let mut shown = 0;
    let mut to_show = vec![(job.clone(), 0)];
    while let Some((job, depth)) = to_show.pop() {
        if shown == MOST {
            let _ = writeln!(text, "… and more");
            break;
        }
        shown += 1;
        let _ = writeln!(text, "{:1$}{job}, launched at {2}", "", depth * 2, job.launched_at());
        to_show.extend(job.children().into_iter().rev().map(|child| (child, depth + 1)));
    }
    text
}
