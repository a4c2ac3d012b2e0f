//! `unsafe` stands only in the rooms made for it, and each block says which rule it relies on.

use crate::paths::tokens;
use crate::report::Report;
use crate::rust_text::code;
use crate::workspace::{Source, Workspace};

/// Where `unsafe` may stand. `**` is any number of folders and files, `*` a part of a name.
const ROOMS: &[&str] = &[
    "crates/coscope-core/src/wait/**",
    "crates/coscope-core/src/job/**",
    "crates/coscope-core/src/task/**",
    "crates/coscope-core/src/time/**",
    "crates/coscope-core/src/mark/place.rs",
    "crates/coscope-core/src/dispatch/held.rs",
    "crates/coscope-core/src/dispatch/runnable.rs",
    "crates/coscope-core/src/dispatch/steps.rs",
    "crates/coscope-core/src/dispatch/steps_test.rs",
    "crates/coscope-core/src/context/current.rs",
    "crates/coscope-core/src/memory.rs",
    "crates/coscope-core/src/model.rs",
    "crates/coscope-core/src/primitive.rs",
    "crates/coscope/src/channel/raw/**",
    "**/raw.rs",
    "**/tests/**",
];

/// How far above a block its comment may begin at the latest.
const REACH: usize = 3;

pub(crate) fn check(workspace: &Workspace) -> Result<Report, String> {
    let mut report = Report::default();
    let sources = workspace.all_sources()?;
    let count: usize = sources.iter().map(|source| check_file(source, &mut report)).sum();
    report.seen = format!("{} files, {count} uses of unsafe", sources.len());
    Ok(report)
}

/// How often the file says `unsafe`.
fn check_file(source: &Source, report: &mut Report) -> usize {
    let tokens = tokens(&code(&source.text));
    let uses: Vec<usize> = (0..tokens.len()).filter(|&at| tokens[at].text == "unsafe").collect();
    let Some(&first) = uses.first() else { return 0 };
    if !ROOMS.iter().any(|room| matches(room, &source.path)) {
        let message = "unsafe outside its rooms; write it without, or move it behind a safe function in one of the \
                       files that xtask/src/unsafe_audit.rs lists";
        report.error(&source.path, tokens[first].line, message);
    }
    let lines: Vec<&str> = source.text.lines().collect();
    for &at in &uses {
        let next = tokens.get(at + 1).map_or("", |token| token.text.as_str());
        if ["{", "impl"].contains(&next) && !is_explained(&lines, tokens[at].line) {
            let message = format!(
                "`unsafe {next}` without a `SAFETY:` comment; say above it which rule makes it sound"
            );
            report.error(&source.path, tokens[at].line, message);
        }
    }
    uses.len()
}

/// Whether `SAFETY:` stands on the line (from 1), in the few above it, or in the comment that these
/// end.
fn is_explained(lines: &[&str], line: usize) -> bool {
    let says = |line: &str| line.split_once("//").is_some_and(|(_, comment)| comment.contains("SAFETY:"));
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    let above: Vec<&str> = lines[..line - 1].iter().rev().copied().collect();
    if says(lines[line - 1]) || above.iter().take(REACH).any(|line| says(line)) {
        return true;
    }
    let Some(comment) = above.iter().take(REACH).position(|line| is_comment(line)) else { return false };
    above[comment..].iter().take_while(|line| is_comment(line)).any(|line| says(line))
}

/// Whether a path fits a pattern of `**`, `*` and plain parts.
fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((before, after)) => {
            let Some(rest) = path.strip_prefix(before) else { return false };
            let (deep, after) = match after.strip_prefix('*') {
                // `**/a` also fits `a`
                Some(after) if before.is_empty() && after.starts_with('/') && matches(&after[1..], rest) => {
                    return true;
                }
                Some(after) => (true, after),
                None => (false, after),
            };
            (0..=rest.len())
                .filter(|&at| rest.is_char_boundary(at) && (deep || !rest[..at].contains('/')))
                .any(|at| matches(after, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<String> {
        let mut report = Report::default();
        check_file(&Source { path: path.to_owned(), text: text.to_owned() }, &mut report);
        report.lines()
    }

    const ROOM: &str = "crates/coscope-core/src/task/cell.rs";

    #[test]
    fn patterns() {
        assert!(
            matches("a/**", "a/b/c.rs")
                && matches("**/raw.rs", "a/b/raw.rs")
                && matches("**/raw.rs", "raw.rs")
        );
        assert!(matches("**/tests/**", "crates/a/tests/b.rs") && matches("a/*.rs", "a/b.rs"));
        assert!(
            !matches("a/*.rs", "a/b/c.rs")
                && !matches("a/**", "b/a/c.rs")
                && !matches("**/raw.rs", "draw.rs")
        );
    }

    #[test]
    fn unsafe_has_rooms() {
        assert_eq!(lines("crates/coscope/src/flow/ext.rs", "// SAFETY: none\nunsafe { x }").len(), 1);
        assert_eq!(lines("crates/coscope/src/sync/raw.rs", "// SAFETY: fine\nunsafe { x }"), [""; 0]);
        assert_eq!(
            lines("a.rs", "// unsafe\n#![forbid(unsafe_code)]\nconst S: &str = \"unsafe {\";"),
            [""; 0]
        );
    }

    #[test]
    fn each_block_is_explained() {
        assert_eq!(lines(ROOM, "fn f() {\n\n    unsafe { x }\n}").len(), 1);
        assert_eq!(lines(ROOM, "unsafe impl Send for X {}").len(), 1);
        assert_eq!(lines(ROOM, "unsafe fn f(); // a contract, not a proof"), [""; 0]);
        assert_eq!(lines(ROOM, "unsafe { x } // SAFETY: on the line"), [""; 0]);
        assert_eq!(lines(ROOM, "// SAFETY: long\n//\n//\n//\n//\nlet a =\n unsafe { x };"), [""; 0]);
        assert_eq!(lines(ROOM, "// SAFETY: too far\na\nb\nc\nunsafe { x }").len(), 1);
    }
}
