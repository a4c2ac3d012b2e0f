//! [`Step`]: one thing that `lint`, `test` or `campaign` does, timed; and the table at the end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::report::Report;
use crate::workspace::Workspace;

/// A check of our own.
pub(crate) type Check = fn(&Workspace) -> Result<Report, String>;

/// One thing to do.
#[derive(Debug)]
pub(crate) struct Step {
    name: String,
    work: Work,
}

#[derive(Debug)]
enum Work {
    Cargo { arguments: Vec<String>, environment: Vec<(String, String)> },
    Check(Check),
}

#[derive(Debug)]
struct Outcome {
    passed: bool,
    /// For the table: how many tests ran, or what a check saw.
    detail: String,
}

impl Step {
    /// A step that runs cargo; the arguments stand in one string, separated by spaces.
    pub(crate) fn cargo(name: impl Into<String>, arguments: &str) -> Self {
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        Step { name: name.into(), work: Work::Cargo { arguments, environment: Vec::new() } }
    }

    /// A step that runs a check.
    pub(crate) fn check(name: &str, check: Check) -> Self {
        Step { name: name.to_owned(), work: Work::Check(check) }
    }

    /// Sets a variable for cargo.
    pub(crate) fn env(mut self, key: &str, value: impl Into<String>) -> Self {
        if let Work::Cargo { environment, .. } = &mut self.work {
            environment.push((key.to_owned(), value.into()));
        }
        self
    }

    fn command_line(&self) -> String {
        match &self.work {
            Work::Check(_) => format!("cargo xtask {}", self.name),
            Work::Cargo { arguments, environment } => {
                let mut words: Vec<String> =
                    environment.iter().map(|(key, value)| format!("{key}={}", quoted(value))).collect();
                words.push("cargo".to_owned());
                words.extend(arguments.iter().map(|argument| quoted(argument)));
                words.join(" ")
            }
        }
    }

    fn run(&self, workspace: &Workspace) -> Result<Outcome, String> {
        match &self.work {
            Work::Check(check) => {
                let report = check(workspace)?;
                report.print();
                Ok(Outcome { passed: report.is_clean(), detail: report.summary() })
            }
            Work::Cargo { arguments, environment } => run_cargo(workspace, arguments, environment),
        }
    }
}

/// Runs all steps, whatever comes of each, and prints the table and the count. `true` if all passed.
pub(crate) fn run_all(workspace: &Workspace, steps: &[Step]) -> bool {
    let mut table = Vec::new();
    for step in steps {
        println!("\n==> {}\n    $ {}", step.name, step.command_line());
        let started = now();
        let outcome = step.run(workspace).unwrap_or_else(|error| {
            println!("error: {error}");
            Outcome { passed: false, detail: "could not run".to_owned() }
        });
        let took = started.elapsed();
        println!("    {} in {}", verdict(outcome.passed), seconds(took));
        table.push((step, outcome, took));
    }

    let width = table.iter().map(|(step, ..)| step.name.chars().count()).max().unwrap_or(0);
    println!();
    for (step, outcome, took) in &table {
        println!(
            "{:<6}  {:<width$}  {:>8}  {}",
            verdict(outcome.passed),
            step.name,
            seconds(*took),
            outcome.detail
        );
    }
    let passed = table.iter().filter(|(_, outcome, _)| outcome.passed).count();
    let failed = table.len() - passed;
    println!("\n{passed} passed, {failed} failed");
    failed == 0
}

/// Cargo with its own output on the screen, counting the tests that it reports.
fn run_cargo(
    workspace: &Workspace,
    arguments: &[String],
    environment: &[(String, String)],
) -> Result<Outcome, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .args(arguments)
        .envs(environment.iter().map(|(key, value)| (key, value)))
        .current_dir(&workspace.root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo: {error}"))?;
    let mut tests = None;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.map_err(|error| format!("cargo: {error}"))?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            if let Some(count) = tests_in(&line) {
                *tests.get_or_insert(0) += count;
            }
        }
    }
    let status = child.wait().map_err(|error| format!("cargo: {error}"))?;
    let detail = tests.map_or_else(String::new, |count: u64| format!("{count} tests"));
    // a file of tests that was asked for by name and has none was left out by a `cfg`
    let empty = tests == Some(0) && status.success() && arguments.iter().any(|argument| argument == "--test");
    let detail = if empty { "no test ran: is the file left out by a cfg?".to_owned() } else { detail };
    Ok(Outcome { passed: status.success() && !empty, detail })
}

/// The number of passed tests in a line like `test result: ok. 12 passed; 0 failed; …`.
fn tests_in(line: &str) -> Option<u64> {
    let counts = line.trim().strip_prefix("test result: ")?;
    let (before, _) = counts.split_once(" passed;")?;
    before.rsplit(' ').next()?.parse().ok()
}

#[allow(clippy::disallowed_methods)] // a tool of the build: it has no clock to ask
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn verdict(passed: bool) -> &'static str {
    if passed { "ok" } else { "FAILED" }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("'{word}'") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_tests() {
        assert_eq!(tests_in("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured"), Some(12));
        assert_eq!(tests_in("test result: FAILED. 3 passed; 2 failed; 0 ignored"), Some(3));
        assert_eq!(tests_in("test result:"), None);
        assert_eq!(tests_in("12 passed; or so they say"), None);
    }

    #[test]
    fn command_lines_can_be_pasted() {
        let step = Step::cargo("x", "test -p a").env("RUSTFLAGS", "--cfg loom").env("N", "2");
        assert_eq!(step.command_line(), "RUSTFLAGS='--cfg loom' N=2 cargo test -p a");
    }
}
