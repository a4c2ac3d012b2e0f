//! How many threads a dispatcher uses, and what that means for work that computes, blocks or waits.

mod blocking_fifty;
mod both_saturated;
mod default_threads;
mod dispatcher_table;
mod injected_dispatcher;
mod io_and_limited;
mod io_threads;
mod lost_increments;
mod main_dispatcher;
mod newsletter;
mod one_at_a_time;
mod same_thread;
mod sleepers;
mod used_threads;

use crate::chapter::Chapter;

pub(crate) const CHAPTERS: &[Chapter] = &[
    default_threads::CHAPTER,
    blocking_fifty::CHAPTER,
    io_threads::CHAPTER,
    same_thread::CHAPTER,
    io_and_limited::CHAPTER,
    both_saturated::CHAPTER,
    newsletter::CHAPTER,
    lost_increments::CHAPTER,
    one_at_a_time::CHAPTER,
    sleepers::CHAPTER,
    main_dispatcher::CHAPTER,
    injected_dispatcher::CHAPTER,
    dispatcher_table::CHAPTER,
];
