//! Launching coroutines and waiting for them.

mod extracted_function;
mod hello;
mod hundred_thousand;
mod like_daemons;
mod names_of_results;
mod wait_for_job;

use crate::chapter::Chapter;

pub(crate) const CHAPTERS: &[Chapter] = &[
    hello::CHAPTER,
    wait_for_job::CHAPTER,
    extracted_function::CHAPTER,
    hundred_thousand::CHAPTER,
    like_daemons::CHAPTER,
    names_of_results::CHAPTER,
];
