//! Files stay short. Comments, blank lines and tests at the foot do not count; whole files of tests
//! are only warned about.

use crate::report::Report;
use crate::rust_text::code_without_tests;
use crate::workspace::Workspace;

const TARGET: usize = 300;
const LIMIT: usize = 500;

pub(crate) fn check(workspace: &Workspace) -> Result<Report, String> {
    let mut report = Report::default();
    let sources = workspace.all_sources()?;
    for source in &sources {
        let lines = lines_of_code(&source.text);
        let message =
            format!("{lines} lines of code; split it by noun (the target is {TARGET}, the limit {LIMIT})");
        if lines > LIMIT && !source.is_test() {
            report.error(&source.path, 0, message);
        } else if lines > TARGET {
            report.warn(&source.path, 0, message);
        }
    }
    report.seen = format!("{} files", sources.len());
    Ok(report)
}

fn lines_of_code(text: &str) -> usize {
    code_without_tests(text).lines().filter(|line| !line.trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_counts() {
        let text = "//! Doc.\n\nfn a() {\n    // why\n    b(\"\n    c\n    \");\n}\n\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(lines_of_code(text), 5);
    }
}
