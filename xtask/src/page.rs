//! `cargo xtask page`: what `test` does only where there is a Chromium, with one that there must be.

use crate::step::{Step, run_all};
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<bool, String> {
    if !arguments.is_empty() {
        return Err("usage: cargo xtask page (COSCOPE_CHROMIUM names the browser)".to_owned());
    }
    let pictures = workspace.root.join("guide");
    let step = Step::cargo(
        "the page in a browser",
        "test -p coscope-debug --test page --test page_token --test page_program",
    )
    .env("COSCOPE_PAGE_REQUIRED", "1")
    .env("COSCOPE_PAGE_PICTURES", pictures.to_string_lossy());
    Ok(run_all(workspace, &[step]))
}
