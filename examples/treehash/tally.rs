//! What has been done so far, and how it ended.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;

use indicatif::ProgressBar;

use crate::progress;

/// A file and its hash.
#[derive(Debug)]
pub struct Hashed {
    /// Relative to the directory, as bytes, `/` between names.
    pub path: Vec<u8>,
    pub hash: String,
    pub size: u64,
}

/// A file, or a directory, that could not be read.
#[derive(Debug)]
pub struct Failed {
    pub path: Vec<u8>,
    pub error: String,
}

/// All that was found out.
#[derive(Debug, Default)]
pub struct Report {
    pub files: Vec<Hashed>,
    pub failed: Vec<Failed>,
    /// What is neither file nor directory, and links to directories.
    pub skipped: Vec<Vec<u8>>,
}

impl Report {
    /// Bytes hashed.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// How the whole ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Complete,
    TimedOut,
    Interrupted,
}

impl End {
    /// The exit status.
    pub fn exit_code(self, report: &Report) -> ExitCode {
        match self {
            End::Complete if report.failed.is_empty() => ExitCode::SUCCESS,
            End::Complete => ExitCode::from(1),
            End::TimedOut => ExitCode::from(124),
            End::Interrupted => ExitCode::from(130),
        }
    }
}

/// The report as it grows, shared by all coroutines.
#[derive(Debug)]
pub struct Tally {
    report: Mutex<Report>,
    pub bar: ProgressBar,
}

impl Tally {
    pub fn new() -> Self {
        Tally { report: Mutex::default(), bar: progress::bar() }
    }

    fn with(&self, f: impl FnOnce(&mut Report)) {
        f(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub fn hashed(&self, file: Hashed) {
        self.bar.inc(file.size);
        self.with(|report| report.files.push(file));
    }

    pub fn failed(&self, path: Vec<u8>, error: impl ToString) {
        self.with(|report| report.failed.push(Failed { path, error: error.to_string() }));
    }

    pub fn skipped(&self, path: Vec<u8>) {
        self.with(|report| report.skipped.push(path));
    }

    /// Everything, sorted by path.
    pub fn take(&self) -> Report {
        let mut report = std::mem::take(&mut *self.report.lock().unwrap_or_else(PoisonError::into_inner));
        report.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        report.failed.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        report.skipped.sort_unstable();
        report
    }
}
