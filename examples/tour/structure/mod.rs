//! Parents and children: who waits for whom, who is cancelled with whom, and what belongs to nobody.

mod background_task;
mod bare_coroutines;
mod child_elsewhere;
mod leak_or_scope;
mod lifecycle;
mod parent_waits;
mod periodic;
mod periodic_rate;
mod survivor;

use crate::chapter::Chapter;

pub(crate) const CHAPTERS: &[Chapter] = &[
    survivor::CHAPTER,
    child_elsewhere::CHAPTER,
    parent_waits::CHAPTER,
    lifecycle::CHAPTER,
    leak_or_scope::CHAPTER,
    bare_coroutines::CHAPTER,
    periodic::CHAPTER,
    periodic_rate::CHAPTER,
    background_task::CHAPTER,
];
