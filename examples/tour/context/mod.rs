//! What a coroutine runs with: its thread, its name, its job.

mod coroutine_labels;
mod coroutine_names;
mod own_job;
mod switch_threads;
mod unconfined_after_delay;
mod unconfined_resumed;
mod which_thread;

use crate::chapter::Chapter;

pub(crate) const CHAPTERS: &[Chapter] = &[
    which_thread::CHAPTER,
    unconfined_after_delay::CHAPTER,
    unconfined_resumed::CHAPTER,
    switch_threads::CHAPTER,
    coroutine_labels::CHAPTER,
    coroutine_names::CHAPTER,
    own_job::CHAPTER,
];

/// Prints who speaks, and what.
fn log(message: impl std::fmt::Display) {
    println!("[{}] {message}", coscope::current_label());
}
