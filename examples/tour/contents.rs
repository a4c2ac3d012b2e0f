//! The table of contents: all chapters, and how one is found.

use crate::chapter::Chapter;
use crate::{basics, cancellation, composing, context, dispatchers, shared_state, structure};

const PARTS: &[(&str, &[Chapter])] = &[
    ("Basics", basics::CHAPTERS),
    ("Cancellation and timeouts", cancellation::CHAPTERS),
    ("Composing", composing::CHAPTERS),
    ("Context", context::CHAPTERS),
    ("Structure", structure::CHAPTERS),
    ("Dispatchers", dispatchers::CHAPTERS),
    ("Shared state", shared_state::CHAPTERS),
];

/// All chapters, in the order of the tour.
pub(crate) fn chapters() -> impl Iterator<Item = &'static Chapter> {
    PARTS.iter().flat_map(|(_, chapters)| chapters.iter())
}

pub(crate) fn find(name: &str) -> Option<&'static Chapter> {
    chapters().find(|chapter| chapter.name == name)
}

/// Prints names and titles.
pub(crate) fn list() {
    let width = chapters().map(|chapter| chapter.name.len()).max().unwrap_or(0);
    for (part, chapters) in PARTS {
        println!("{part}");
        for chapter in *chapters {
            println!("  {:width$}  {}", chapter.name, chapter.title);
        }
    }
}

/// What a misspelt name may have meant.
pub(crate) fn hint(name: &str) -> String {
    let mut near: Vec<(usize, &str)> = chapters()
        .map(|chapter| (distance(name, chapter.name), chapter.name))
        .filter(|(distance, candidate)| *distance <= 3 || candidate.contains(name))
        .collect();
    near.sort_unstable();
    let near: Vec<&str> = near.into_iter().map(|(_, name)| name).take(5).collect();
    if near.is_empty() {
        "; --list names all".to_owned()
    } else {
        format!("; did you mean {}?", near.join(", "))
    }
}

/// How many letters must be put in, left out or changed to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
