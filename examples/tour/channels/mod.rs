//! Messages from coroutine to coroutine: channels, producers, pipelines, many to one and one to many, actors.

mod actor_counter;
mod buffered;
mod closed_channel;
mod fan_in;
mod fan_out;
mod first_results;
mod pipeline;
mod prime_sieve;
mod produced;
mod squares;
mod table;
mod ticks;

use crate::chapter::Chapter;

pub(crate) const CHAPTERS: &[Chapter] = &[
    squares::CHAPTER,
    closed_channel::CHAPTER,
    produced::CHAPTER,
    pipeline::CHAPTER,
    prime_sieve::CHAPTER,
    fan_out::CHAPTER,
    fan_in::CHAPTER,
    buffered::CHAPTER,
    table::CHAPTER,
    first_results::CHAPTER,
    ticks::CHAPTER,
    actor_counter::CHAPTER,
];
