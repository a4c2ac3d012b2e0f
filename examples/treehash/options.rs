//! What can be asked for on the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::algorithm::Algorithm;

/// The answer to `--help`.
pub const HELP: &str = "\
treehash: hashes every file below a directory.

Usage: treehash [OPTIONS] DIR

  --algorithm blake3|sha256   which hash (default: blake3)
  --json                      one JSON document instead of lines
  --open N                    files open at once (default: 64)
  --memory MIB                file data held at once (default: 64)
  --timeout SECONDS           for the whole; fractions are fine
  --help                      this text

Prints `HASH  PATH` for each file, sorted by path, and last `HASH  .`: the hash of those lines, which
stands for the tree. A path with a newline or a backslash is written with escapes behind a leading
backslash. Links to files are hashed by content, links to directories are not followed, and what is
neither is skipped. Files that cannot be read are reported; the rest goes on.

Ctrl-C begins no new file; a second one stops at once.

Exit status: 0 all is hashed, 1 some files could not be, 2 wrong usage, 124 timed out, 130 interrupted.
";

/// What to do.
#[derive(Debug)]
pub enum Asked {
    Run(Options),
    Help,
}

/// How to do it.
#[derive(Debug, Clone)]
pub struct Options {
    pub directory: PathBuf,
    pub algorithm: Algorithm,
    pub json: bool,
    /// Files open at once.
    pub open: usize,
    /// Bytes read at once from one file, so that all together stay within the bound on memory.
    pub chunk: usize,
    pub timeout: Duration,
}

/// The most that is read at once from one file.
const MOST: usize = 1 << 20;
/// The least, below which reading is all overhead.
const LEAST: usize = 4 << 10;

/// Reads the arguments.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, String> {
    let mut arguments = arguments.into_iter();
    let mut directory = None;
    let (mut algorithm, mut json, mut timeout) = (Algorithm::Blake3, false, Duration::MAX);
    let (mut open, mut memory) = (64usize, 64usize);
    let mut only_paths = false;
    while let Some(argument) = arguments.next() {
        let text = argument.to_str().filter(|text| text.starts_with("--") && !only_paths);
        let mut value = |name: &str| {
            let value = arguments.next().ok_or(format!("{name} wants a value"))?;
            value.into_string().map_err(|value| format!("{name}: {value:?} is not text"))
        };
        match text {
            Some("--") => only_paths = true,
            Some("--help") => return Ok(Asked::Help),
            Some("--json") => json = true,
            Some("--algorithm") => algorithm = value("--algorithm")?.parse()?,
            Some("--open") => open = number("--open", &value("--open")?)?,
            Some("--memory") => memory = number("--memory", &value("--memory")?)?,
            Some("--timeout") => timeout = seconds(&value("--timeout")?)?,
            Some(other) => return Err(format!("there is no option {other}")),
            None if directory.is_none() => directory = Some(PathBuf::from(argument)),
            None => return Err(format!("one directory at a time: what of {argument:?}?")),
        }
    }
    let directory = directory.ok_or("which directory? Give one, `.` for this one")?;
    if !directory.is_dir() {
        return Err(format!("{} is no directory that can be read", directory.display()));
    }
    let chunk = ((memory << 20) / open).clamp(LEAST, MOST);
    let open = open.min(((memory << 20) / chunk).max(1));
    Ok(Asked::Run(Options { directory, algorithm, json, open, chunk, timeout }))
}

fn number(name: &str, text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (1..=1 << 20).contains(n));
    number.ok_or(format!("{name} wants a number from 1 to {}, not {text:?}", 1 << 20))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or(format!("--timeout wants a number of seconds, not {text:?}"))
}
