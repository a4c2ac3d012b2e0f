//! One peer on one row, in a process of its own: ours, or a script in `benches/peers`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::record::Said;
use super::row::Row;
use crate::step::now;
use crate::workspace::Workspace;

/// How long a process may take.
const LIMIT: Duration = Duration::from_secs(300);
/// How long a script may take; it may have to build its peer first.
const SCRIPT_LIMIT: Duration = Duration::from_secs(900);

/// How the rows begin that there are for two workers and, with `-local` behind, for one thread.
const BOTH_PLACES: [&str; 4] = ["W12a", "W3c", "W3d", "W4p"];

/// The binary of the benches.
#[derive(Debug)]
pub(crate) struct Benches {
    pub(crate) binary: PathBuf,
    pub(crate) quick: bool,
}

/// A script that runs peers in other languages.
#[derive(Debug)]
pub(crate) struct Script {
    /// The name of its folder.
    pub(crate) name: String,
    path: PathBuf,
}

/// Builds the benches, with what `adjust` adds to the command.
fn cargo_build(workspace: &Workspace, adjust: impl FnOnce(&mut Command)) -> Result<(), String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["build", "--release", "--quiet", "--package", "coscope-benches"])
        .current_dir(&workspace.root);
    adjust(&mut command);
    let built = command.status().map_err(|error| format!("cargo: {error}"))?;
    if built.success() { Ok(()) } else { Err("the benches do not build".to_owned()) }
}

impl Benches {
    /// Builds it.
    pub(crate) fn build(workspace: &Workspace, mimalloc: bool, quick: bool) -> Result<Benches, String> {
        cargo_build(workspace, |_| ())?;
        let name = if mimalloc { "coscope-benches-mimalloc" } else { "coscope-benches" };
        Ok(Benches { binary: workspace.target().join("release").join(name), quick })
    }

    /// Builds it with no peer but ourselves, in a folder of its own, with a `--cfg` for the whole program.
    pub(crate) fn build_alone(workspace: &Workspace, cfg: Option<&str>) -> Result<Benches, String> {
        let target = workspace.target().join(cfg.unwrap_or("alone"));
        cargo_build(workspace, |command| {
            command
                .args(["--bin", "coscope-benches", "--no-default-features"])
                .env("CARGO_TARGET_DIR", &target);
            if let Some(cfg) = cfg {
                command.env("RUSTFLAGS", format!("--cfg {cfg}"));
            }
        })?;
        Ok(Benches { binary: target.join("release/coscope-benches"), quick: false })
    }

    /// The rows that it offers.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, String> {
        let (text, _) = output(Command::new(&self.binary).arg("list"), LIMIT)?;
        text.lines().map(Row::read).collect()
    }

    /// What a peer says to a row; and what the ideal would be, if it knows.
    pub(crate) fn ask(&self, row: &Row, peer: &str) -> Result<Vec<Said>, String> {
        let mut command = Command::new(&self.binary);
        command.args(["run", &row.id, peer]);
        if self.quick {
            command.arg("--quick");
        }
        let (text, _) = output(&mut command, LIMIT)?;
        let said: Vec<Said> = text.lines().filter_map(Said::read).collect();
        if said.is_empty() { Err(format!("no figures: {text}")) } else { Ok(said) }
    }
}

impl Script {
    /// `benches/peers/*/run.sh`.
    pub(crate) fn all(workspace: &Workspace) -> Vec<Script> {
        let Ok(folders) = fs::read_dir(workspace.root.join("benches/peers")) else { return Vec::new() };
        let script = |folder: PathBuf| {
            let path = folder.join("run.sh");
            path.is_file().then(|| Script { name: name_of(&folder), path })
        };
        let mut scripts: Vec<Script> = folders.filter_map(|folder| script(folder.ok()?.path())).collect();
        scripts.sort_by(|a, b| a.name.cmp(&b.name));
        scripts
    }

    /// What its peers say to a row: all of them, or why it skips it.
    ///
    /// Where there is a row for one thread beside that for two workers, the script is told which of them is meant.
    pub(crate) fn ask(&self, row: &Row, quick: bool) -> Result<Vec<Said>, String> {
        let local = row.id.strip_suffix("-local");
        let mut command = Command::new(&self.path);
        command.arg(local.unwrap_or(&row.id));
        if BOTH_PLACES.iter().any(|prefix| row.id.starts_with(prefix)) {
            command.env("PEERS_PLACE", if local.is_some() { "thread" } else { "workers" });
        }
        if quick {
            command.env("PEERS_QUICK", "1");
        }
        let (text, _) = output(&mut command, SCRIPT_LIMIT)?;
        if let Some(why) = text.lines().find_map(|line| line.strip_prefix("skip: ")) {
            return Err(why.to_owned());
        }
        let mut said: Vec<Said> = text.lines().filter_map(Said::read).collect();
        said.retain(|said| ["ns/op", "ms"].contains(&said.unit.as_str()));
        if said.is_empty() { Err(format!("nothing about {}", row.id)) } else { Ok(said) }
    }
}

/// What a process printed to its standard output and its standard error.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<(String, String), String> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let readers = [child.stdout.take().map(reader), child.stderr.take().map(reader)];
    let began = now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        if began.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("took more than {} s", limit.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let [out, err] = readers.map(|reader| reader.and_then(|reader| reader.join().ok()).unwrap_or_default());
    if status.success() {
        Ok((out, err))
    } else {
        let last: Vec<&str> = err.lines().rev().take(3).collect();
        Err(format!("{status}: {}", last.into_iter().rev().collect::<Vec<&str>>().join(" / ")))
    }
}

#[allow(clippy::disallowed_methods)] // a tool of the build: it has no scheduler
fn reader(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
