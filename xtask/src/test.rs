//! `cargo xtask test`: every test, with nothing installed but a Rust toolchain.

use crate::step::{Step, run_all};
use crate::workspace::Workspace;

/// How many times a loom model may switch threads against their will: the short form.
const SHORT_PREEMPTIONS: u32 = 2;

/// What is tested. The benches have no tests, but fifty crates of their own to build, and they ask others for features
/// that nobody else needs: with them around, each step would build those anew.
const TESTED: &str = "--workspace --exclude coscope-benches";

pub(crate) fn run(workspace: &Workspace, _: &[String]) -> Result<bool, String> {
    let mut steps = vec![
        Step::cargo("unit and integration tests", &format!("test {TESTED} --tests --no-fail-fast")),
        Step::cargo("doc tests", &format!("test {TESTED} --doc --no-fail-fast")),
    ];
    steps.extend(loom(workspace, SHORT_PREEMPTIONS));
    steps.extend(tour(workspace));
    Ok(run_all(workspace, &steps))
}

/// One step for each `crates/*/tests/loom_*.rs`. They are built apart, because `--cfg loom` changes
/// every crate.
pub(crate) fn loom(workspace: &Workspace, preemptions: u32) -> Vec<Step> {
    let given = std::env::var("RUSTFLAGS").unwrap_or_default();
    let target = workspace.target().join("loom");
    workspace
        .test_files("loom_")
        .into_iter()
        .map(|(name, test)| {
            Step::cargo(format!("{name} {test}"), &format!("test -p {name} --release --test {test}"))
                .env("RUSTFLAGS", format!("{given} --cfg loom").trim())
                .env("CARGO_TARGET_DIR", target.to_string_lossy())
                .env("LOOM_MAX_PREEMPTIONS", preemptions.to_string())
        })
        .collect()
}

/// The guided tour checks its own output. Not in release: all that it needs was built for the tests.
fn tour(workspace: &Workspace) -> Option<Step> {
    let places = ["examples", "examples/examples"].map(|folder| workspace.root.join(folder));
    let exists =
        places.iter().any(|place| place.join("tour.rs").is_file() || place.join("tour/main.rs").is_file());
    exists.then(|| Step::cargo("tour", "run --example tour -- --check"))
}
