//! One door for atomics: outside tests, only a crate's `primitive.rs` names `std::sync::atomic` or
//! `loom`, so that the model checker sees every access.

use crate::paths::named;
use crate::report::Report;
use crate::rust_text::code_without_tests;
use crate::workspace::{Source, Workspace};

pub(crate) fn check(workspace: &Workspace) -> Result<Report, String> {
    let mut report = Report::default();
    let sources = workspace.published_sources()?;
    for source in sources.iter().filter(|source| !source.is_test()) {
        check_file(source, &mut report);
    }
    report.seen = format!("{} files", sources.len());
    Ok(report)
}

fn check_file(source: &Source, report: &mut Report) {
    if source.path.ends_with("/primitive.rs") {
        return;
    }
    for named in named(&code_without_tests(&source.text)) {
        let path: Vec<&str> = named.path.iter().map(String::as_str).collect();
        let what = match path[..] {
            ["std" | "core", "sync", "atomic", ..] => "std::sync::atomic",
            ["loom", ..] => "loom",
            _ => continue,
        };
        let message = format!("names {what}; take it from primitive.rs, where the model checker can see it");
        report.error(&source.path, named.line, message);
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

    #[test]
    fn atomics_go_through_one_door() {
        assert_eq!(lines("a/src/x.rs", "use std::sync::{Arc, atomic::{AtomicU8, Ordering}};").len(), 2);
        assert_eq!(lines("a/src/x.rs", "use std::sync::Arc; use crate::primitive::AtomicU32;"), [""; 0]);
        assert_eq!(lines("a/src/primitive.rs", "use std::sync::atomic::AtomicU8;"), [""; 0]);
        assert_eq!(lines("a/src/x.rs", "#[cfg(test)] mod t { use loom::thread; }"), [""; 0]);
    }
}
