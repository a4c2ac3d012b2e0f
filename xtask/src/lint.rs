//! `cargo xtask lint`: what can be said about the code without running it.

use crate::step::{Step, run_all};
use crate::workspace::Workspace;
use crate::{doors, layers, length, licences, spelling, unsafe_audit};

pub(crate) fn run(workspace: &Workspace, _: &[String]) -> Result<bool, String> {
    let steps = [
        Step::cargo("format", "fmt --all --check"),
        Step::cargo("clippy", "clippy --workspace --all-targets -- -D warnings"),
        Step::cargo("docs", "doc --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings"),
        Step::check("layers", layers::check),
        Step::check("doors", doors::check),
        Step::check("unsafe", unsafe_audit::check),
        Step::check("length", length::check),
        Step::check("spelling", spelling::check),
        Step::check("licences", licences::check),
    ];
    Ok(run_all(workspace, &steps))
}
