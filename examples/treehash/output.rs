//! What is printed: lines or JSON on stdout, errors and a summary on stderr.

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::algorithm::Algorithm;
use crate::options::Options;
use crate::tally::{End, Report};

/// Prints the result. The hash of the tree stands there only if all of it was walked.
pub fn print(options: &Options, report: &Report, end: End) -> io::Result<()> {
    let root = (end == End::Complete).then(|| root_hash(options.algorithm, report));
    let mut out = BufWriter::new(io::stdout().lock());
    if options.json {
        serde_json::to_writer_pretty(&mut out, &document(options, report, root))?;
        writeln!(out)?;
    } else {
        for file in &report.files {
            out.write_all(&line(&file.hash, &file.path))?;
        }
        if let Some(root) = root {
            out.write_all(&line(&root, b"."))?;
        }
    }
    out.flush()
}

/// `HASH  PATH` and a newline; a path with a newline or a backslash is escaped behind a leading one.
fn line(hash: &str, path: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(hash.len() + path.len() + 4);
    let escaped = path.iter().any(|byte| matches!(byte, b'\n' | b'\\'));
    if escaped {
        line.push(b'\\');
    }
    line.extend_from_slice(hash.as_bytes());
    line.extend_from_slice(b"  ");
    for &byte in path {
        match byte {
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\\' => line.extend_from_slice(b"\\\\"),
            byte => line.push(byte),
        }
    }
    line.push(b'\n');
    line
}

/// The hash of the sorted lines: the same for the same names and contents, on any machine.
fn root_hash(algorithm: Algorithm, report: &Report) -> String {
    let mut hashing = algorithm.begin();
    for file in &report.files {
        hashing.update(&line(&file.hash, &file.path));
    }
    hashing.end()
}

fn document(options: &Options, report: &Report, root: Option<String>) -> Value {
    let files = report.files.iter().map(|file| {
        let mut entry = path(&file.path);
        entry["hash"] = json!(file.hash);
        entry["size"] = json!(file.size);
        entry
    });
    let errors = report.failed.iter().map(|failed| {
        let mut entry = path(&failed.path);
        entry["error"] = json!(failed.error);
        entry
    });
    json!({
        "algorithm": options.algorithm.name(),
        "root": root,
        "files": files.collect::<Vec<_>>(),
        "errors": errors.collect::<Vec<_>>(),
        "skipped": report.skipped.iter().map(|skipped| path(skipped)).collect::<Vec<_>>(),
    })
}

/// A path as text; one that is no UTF-8 also as the bytes that it is, in hexadecimal.
fn path(bytes: &[u8]) -> Value {
    let mut entry = json!({ "path": String::from_utf8_lossy(bytes) });
    if std::str::from_utf8(bytes).is_err() {
        entry["path_hex"] = json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
    entry
}

/// What could not be done, and what was.
pub fn summary(report: &Report, end: End, took: Duration) {
    for skipped in &report.skipped {
        eprintln!("treehash: skipped {}: neither a file nor a directory", String::from_utf8_lossy(skipped));
    }
    for failed in &report.failed {
        let path = match String::from_utf8_lossy(&failed.path) {
            path if path.is_empty() => ".".into(),
            path => path,
        };
        eprintln!("treehash: {path}: {}", failed.error);
    }
    let how = match end {
        End::Complete => "done",
        End::TimedOut => "timed out",
        End::Interrupted => "interrupted",
    };
    let mebibytes = report.bytes() as f64 / f64::from(1 << 20);
    eprintln!(
        "treehash: {how}: {} files, {mebibytes:.1} MiB, {} errors, {:.3} s, {:.0} MiB/s",
        report.files.len(),
        report.failed.len(),
        took.as_secs_f64(),
        mebibytes / took.as_secs_f64().max(1e-9),
    );
}
