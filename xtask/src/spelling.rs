//! Public names are made of known words, so that a slip of the pen does not become a promise.

use std::collections::BTreeSet;

use crate::paths::{Token, tokens};
use crate::report::Report;
use crate::rust_text::code_without_tests;
use crate::workspace::Workspace;

/// One word a line, sorted.
const WORDS: &str = include_str!("../words.txt");

/// What a public item begins with.
const KINDS: &[&str] = &["fn", "struct", "enum", "trait", "type", "mod", "const", "static", "union"];
/// What may stand between `pub` and that.
const QUALIFIERS: &[&str] = &["async", "unsafe", "extern", "mut", "\""];
/// Endings that a known word may have: what to cut, and what to put in its place.
const ENDINGS: &[(&str, &str)] = &[
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("d", ""),
    ("ed", ""),
    ("ied", "y"),
    ("ing", ""),
    ("ing", "e"),
    ("er", ""),
    ("er", "e"),
    ("ers", ""),
    ("ers", "e"),
    ("able", ""),
    ("able", "e"),
    ("ly", ""),
];

pub(crate) fn check(workspace: &Workspace) -> Result<Report, String> {
    let words: BTreeSet<&str> = WORDS.lines().collect();
    let mut report = Report::default();
    let mut count = 0;
    for source in workspace.published_sources()?.iter().filter(|source| !source.is_test()) {
        for (line, name) in public_names(&source.text) {
            count += 1;
            for word in words_of(&name).into_iter().filter(|word| !is_known(word, &words)) {
                let message = format!(
                    "`{name}`: no known word `{word}`; add the word to xtask/words.txt if it is meant"
                );
                report.error(&source.path, line, message);
            }
        }
    }
    report.seen = format!("{count} names");
    Ok(report)
}

/// The names of `pub` items (not `pub(crate)`), with their lines.
fn public_names(text: &str) -> Vec<(usize, String)> {
    let tokens = tokens(&code_without_tests(text));
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.text == "pub" {
            found.extend(name_after(&tokens[at + 1..]));
        }
    }
    found
}

fn name_after(tokens: &[Token]) -> Option<(usize, String)> {
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
    let mut at = 0;
    // `const fn` is a function, `const X` a constant
    while QUALIFIERS.contains(&text(at)) || (text(at) == "const" && is_function_word(text(at + 1))) {
        at += 1;
    }
    if !KINDS.contains(&text(at)) {
        return None;
    }
    at += 1;
    while text(at) == "mut" {
        at += 1;
    }
    // a raw name: r#type
    if text(at) == "r" && text(at + 1) == "#" {
        at += 2;
    }
    tokens.get(at).filter(|token| token.is_word()).map(|token| (token.line, token.text.clone()))
}

fn is_function_word(word: &str) -> bool {
    word == "fn" || QUALIFIERS.contains(&word)
}

/// `CancelHandle`, `cancel_handle`, `CANCEL_HANDLE` → `cancel`, `handle`.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in name.split(|c: char| c == '_' || c.is_ascii_digit()) {
        let chars: Vec<char> = part.chars().collect();
        let mut word = String::new();
        for (at, c) in chars.iter().enumerate() {
            let after_small = at > 0 && chars[at - 1].is_lowercase();
            let before_small = at > 0 && chars.get(at + 1).is_some_and(|next| next.is_lowercase());
            if c.is_uppercase() && (after_small || before_small) && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.extend(c.to_lowercase());
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// Whether the word, or what it is a form of, is in the list. A single letter always is.
fn is_known(word: &str, words: &BTreeSet<&str>) -> bool {
    if word.chars().count() == 1 || words.contains(word) {
        return true;
    }
    ENDINGS.iter().any(|(ending, instead)| {
        let Some(stem) = word.strip_suffix(ending) else { return false };
        if words.contains(format!("{stem}{instead}").as_str()) {
            return true;
        }
        // stopped, running: the last letter was doubled
        let mut letters = stem.chars().rev();
        let doubled = letters.next().is_some_and(|last| letters.next() == Some(last));
        instead.is_empty() && doubled && words.contains(&stem[..stem.len() - 1])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_public_names() {
        let text = "pub fn a() {}\npub(crate) fn b() {}\npub const fn c() {}\npub const D: u8 = 1;\n\
                    pub unsafe extern \"C\" fn e() {}\n// pub fn f\npub struct G { pub h: u8 }\npub mod r#i;\n\
                    #[cfg(test)]\npub fn j() {}\npub static mut K: u8 = 0;";
        let names: Vec<String> = public_names(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["a", "c", "D", "e", "G", "i", "K"]);
    }

    #[test]
    fn splits_names() {
        assert_eq!(words_of("CancelHandle2"), ["cancel", "handle"]);
        assert_eq!(words_of("IOError"), ["io", "error"]);
        assert_eq!(words_of("FAR_FUTURE"), ["far", "future"]);
        assert_eq!(words_of("spawn_blocking"), ["spawn", "blocking"]);
    }

    #[test]
    fn knows_forms_of_words() {
        let words: BTreeSet<&str> = ["cancel", "wake", "stop", "retry", "time"].into();
        for good in ["cancelled", "waking", "waker", "stopped", "retries", "timers", "cancellable"] {
            assert!(is_known(good, &words), "{good}");
        }
        for bad in ["cancle", "wakking", "timr"] {
            assert!(!is_known(bad, &words), "{bad}");
        }
    }

    #[test]
    fn the_list_is_sorted() {
        let words: Vec<&str> = WORDS.lines().collect();
        let wrong = words.windows(2).find(|pair| pair[0] >= pair[1]);
        assert_eq!(wrong, None, "xtask/words.txt is sorted, each word once");
        assert!(words.iter().all(|word| word.chars().all(|c| c.is_ascii_lowercase())));
    }
}
