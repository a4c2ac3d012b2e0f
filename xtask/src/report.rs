//! What a check found: [`Finding`]s, each with its place and its mend, gathered in a [`Report`].

use std::fmt;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) file: String,
    /// From 1; 0 for the file as a whole.
    pub(crate) line: usize,
    /// What is wrong, and how to mend it.
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// All that one check found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
    /// What was looked at, as "31 files": so that a check which saw nothing shows it.
    pub(crate) seen: String,
}

impl Report {
    pub(crate) fn error(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.errors.push(Finding { file: file.to_owned(), line, message: message.into() });
    }

    pub(crate) fn warn(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.warnings.push(Finding { file: file.to_owned(), line, message: message.into() });
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    pub(crate) fn print(&self) {
        for warning in &self.warnings {
            println!("warning: {warning}");
        }
        for error in &self.errors {
            println!("error: {error}");
        }
    }

    pub(crate) fn summary(&self) -> String {
        let mut parts = vec![self.seen.clone()];
        for (count, what) in [(self.errors.len(), "error"), (self.warnings.len(), "warning")] {
            if count > 0 {
                parts.push(format!("{count} {what}{}", if count == 1 { "" } else { "s" }));
            }
        }
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }

    #[cfg(test)]
    pub(crate) fn lines(&self) -> Vec<String> {
        self.errors.iter().map(ToString::to_string).collect()
    }
}
