//! Dumps: of the whole process or of one job, as text or JSON, to wherever they are wanted.

use std::io::{self, BufWriter, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use coscope_core::Job;
use coscope_core::dispatch::try_runtime;
use coscope_core::sight;

use super::json::Json;
use super::text::Text;
use crate::finding::Finding;
use crate::limits::Limits;
use crate::survey::{self, survey};

/// What runs in the process now, as text: the tree of jobs, a line each, then what looks wrong.
///
/// ```text
/// root open
///   "coroutine#1" suspended 3.2 s in children at src/main.rs:17, launched at src/main.rs:15, on event loop
///     scope joining, opened at src/main.rs:17
///       "fetch#2" suspended 3.2 s in Mutex::lock at src/db.rs:88, launched at src/main.rs:20, on Default
/// ```
///
/// Nothing stops meanwhile. So what stands in two lines need not have been true at one moment; but no job is shown
/// without its parent, and none twice. How long a *step* has run, and who holds what others wait for, is shown while
/// somebody [records](crate::record()).
///
/// ```
/// use coscope::prelude::*;
///
/// coscope::run_blocking(async |s: Scope| {
///     let fetch = s.named("fetch").start(Start::Undispatched).launch(delay(std::time::Duration::from_secs(9)));
///     assert!(coscope_debug::dump().contains("\"fetch#"));
///     fetch.cancel("seen");
/// });
/// ```
pub fn dump() -> String {
    dump_job(&sight::root())
}

/// As [`dump`], of one job and what is below it.
///
/// ```
/// # use coscope::prelude::*;
/// coscope::run_blocking(async |_: Scope| {
///     let text = coscope_debug::dump_job(&current_job());
///     assert!(text.starts_with("\"coroutine#"));
/// });
/// ```
pub fn dump_job(job: &Job) -> String {
    let mut text = Vec::new();
    dump_job_to(job, &mut text).expect("a Vec takes all that is written");
    String::from_utf8(text).expect("a dump is text")
}

/// As [`dump`], to a writer, as the walk goes on: however many coroutines there are, no copy of them is made in memory.
/// Many small writes come: give it a buffer.
///
/// ```
/// let mut out = std::io::BufWriter::new(std::io::stderr());
/// coscope_debug::dump_to(&mut out)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of the writer.
pub fn dump_to(out: &mut impl Write) -> io::Result<()> {
    dump_job_to(&sight::root(), out)
}

/// As [`dump_to`], of one job and what is below it.
///
/// ```
/// # use coscope::prelude::*;
/// coscope::run_blocking(async |_: Scope| {
///     let mut out = Vec::new();
///     coscope_debug::dump_job_to(&current_job(), &mut out).unwrap();
///     assert!(out.starts_with(b"\"coroutine#"));
/// });
/// ```
///
/// # Errors
/// Those of the writer.
pub fn dump_job_to(job: &Job, out: &mut impl Write) -> io::Result<()> {
    let mut text = Text(out);
    let survey = survey(job.clone(), Limits::OF_A_DUMP, |depth, record| text.job(depth, record))?;
    text.end(&survey.findings, survey.jobs, survey.coroutines)
}

/// What runs in the process now, as JSON, written as the walk goes on.
///
/// One object. `jobs` come in the order of the tree, each parent before its children: `key`, that of the `parent`,
/// `kind` (`coroutine`, `scope`, `timeout` …), a coroutine's `id` and `name`, `state`, `cancelled`, `in_state_ms`,
/// `wait` (`kind`, `at`, `label`), `launched_at`, `dispatcher`; what is not known is `null`. `waits` says who waits for
/// what, and the holder, by keys; `findings` what looks wrong; `pools` what the threads are at. Fields may be added
/// within a `version`.
///
/// ```
/// let mut out = Vec::new();
/// coscope_debug::dump_json_to(&mut out)?;
/// assert!(out.starts_with(br#"{"format":"coscope-dump","version":1,"#));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of the writer.
pub fn dump_json_to(out: &mut impl Write) -> io::Result<()> {
    dump_job_json_to(&sight::root(), out)
}

/// As [`dump_json_to`], of one job and what is below it.
///
/// ```
/// # use coscope::prelude::*;
/// coscope::run_blocking(async |_: Scope| {
///     let mut out = Vec::new();
///     coscope_debug::dump_job_json_to(&current_job(), &mut out).unwrap();
///     assert!(String::from_utf8(out).unwrap().contains(r#""parent":null,"kind":"coroutine""#));
/// });
/// ```
///
/// # Errors
/// Those of the writer.
pub fn dump_job_json_to(job: &Job, out: &mut impl Write) -> io::Result<()> {
    let taken_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut json = Json::begin(out, taken_at.as_millis())?;
    let survey = survey(job.clone(), Limits::OF_A_DUMP, |_, record| json.job(record))?;
    let pools = try_runtime().map_or_else(Vec::new, |runtime| runtime.pools());
    json.end(&survey.waits, &survey.met, &survey.findings, &pools)
}

/// What looks wrong now, by the limits of a dump: deadlocks; steps, and wakes without a step, of more than a second;
/// waits for a lock or a full channel of more than ten. All but the second need a [recording](crate::record()).
///
/// ```
/// for finding in coscope_debug::findings() {
///     eprintln!("{finding}");
/// }
/// ```
pub fn findings() -> Vec<Finding> {
    survey::findings(Limits::OF_A_DUMP)
}

/// A dump on standard error, with a line around.
pub(crate) fn to_stderr() {
    let mut out = BufWriter::new(io::stderr().lock());
    let _nobody_to_tell = writeln!(out, "coscope: what runs in process {}:", std::process::id())
        .and_then(|()| dump_to(&mut out))
        .and_then(|()| out.flush());
}
