//! What it was measured on: the machine, the commit, the versions.

use std::fs;
use std::process::{Command, Stdio};

use crate::workspace::Workspace;

/// The peers whose versions are in Cargo.lock.
const PEERS: &[&str] = &[
    "tokio",
    "tokio-util",
    "smol",
    "async-executor",
    "async-io",
    "async-task",
    "futures",
    "rayon",
    "may",
    "mimalloc",
];

/// One line a fact. Rows say themselves on which machine, and when, they were measured.
pub(crate) fn facts(workspace: &Workspace) -> Vec<(&'static str, String)> {
    vec![
        ("kernel", answer("uname", &["-sr"])),
        ("compiler", answer("rustc", &["--version"])),
        ("peers", versions(&workspace.read("Cargo.lock").unwrap_or_default())),
    ]
}

/// The processor, and how many cores of it.
pub(crate) fn cpu() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {cores} cores", model.trim_start_matches([' ', '\t', ':']))
}

/// The load average of the last minute.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

pub(crate) fn date() -> String {
    answer("date", &["-u", "+%Y-%m-%d"])
}

/// The commit, with a `+` if something was changed since.
pub(crate) fn commit(workspace: &Workspace) -> String {
    let root = workspace.root.to_string_lossy();
    let commit = answer("git", &["-C", &root, "rev-parse", "--short", "HEAD"]);
    let changed = answer("git", &["-C", &root, "status", "--porcelain", "--", "crates", "benches/src"]);
    if changed.is_empty() { commit } else { commit + "+" }
}

fn answer(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn versions(lock: &str) -> String {
    let of = |peer: &&str| {
        let (_, rest) = lock.split_once(&format!("name = \"{peer}\"\nversion = \""))?;
        Some(format!("{peer} {}", rest.split('"').next()?))
    };
    PEERS.iter().filter_map(of).collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let lock = "[[package]]\nname = \"tokio\"\nversion = \"1.2.3\"\n\n[[package]]\nname = \"x\"\nversion = \"0\"\n";
        assert_eq!(versions(lock), "tokio 1.2.3");
    }
}
