//! Waiting for several things, of which exactly one happens.

mod closed_clause;
mod first_of_many;
mod fizz_buzz;
mod side_channel;
mod switch_map;

use crate::chapter::Chapter;

pub(crate) const CHAPTERS: &[Chapter] = &[
    fizz_buzz::CHAPTER,
    closed_clause::CHAPTER,
    side_channel::CHAPTER,
    first_of_many::CHAPTER,
    switch_map::CHAPTER,
];
