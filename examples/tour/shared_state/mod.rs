//! State that many coroutines change: lost, atomic, confined, locked. And a callback that is waited for.

mod atomic_counter;
mod callback;
mod callback_cancelled;
mod callback_twice;
mod coarse_confinement;
mod counting;
mod fine_confinement;
mod locked_counter;
mod torn_counter;
mod volatile_counter;

use crate::chapter::Chapter;

pub(crate) const CHAPTERS: &[Chapter] = &[
    torn_counter::CHAPTER,
    volatile_counter::CHAPTER,
    atomic_counter::CHAPTER,
    fine_confinement::CHAPTER,
    coarse_confinement::CHAPTER,
    locked_counter::CHAPTER,
    callback::CHAPTER,
    callback_cancelled::CHAPTER,
    callback_twice::CHAPTER,
];
