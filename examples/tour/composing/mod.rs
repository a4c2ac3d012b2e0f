//! Functions that wait, one after the other and at the same time.

mod async_style;
mod await_loop;
mod concurrent;
mod concurrent_sum;
mod deferred_cost;
mod failed_sum;
mod fold_steps;
mod lazy_awaited;
mod lazy_started;
mod sequential;
mod two_images;
mod useful;

use crate::chapter::Chapter;

pub(crate) const CHAPTERS: &[Chapter] = &[
    sequential::CHAPTER,
    concurrent::CHAPTER,
    lazy_awaited::CHAPTER,
    lazy_started::CHAPTER,
    async_style::CHAPTER,
    concurrent_sum::CHAPTER,
    failed_sum::CHAPTER,
    await_loop::CHAPTER,
    two_images::CHAPTER,
    fold_steps::CHAPTER,
    deferred_cost::CHAPTER,
];
