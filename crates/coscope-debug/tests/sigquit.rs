//! A process that is sent SIGQUIT says what runs, and goes on.
#![cfg(unix)]
#![allow(missing_docs)] // tests

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use coscope::prelude::*;
use signal_hook::consts::SIGQUIT;
use signal_hook::low_level::raise;

const CHILD: &str = "COSCOPE_DEBUG_SIGQUIT_CHILD";

/// What the other process does: it runs this test by itself.
fn child() {
    let guard = coscope_debug::dump_on_sigquit().unwrap();
    let second = coscope_debug::dump_on_sigquit().unwrap_err();
    assert_eq!(second.kind(), std::io::ErrorKind::AlreadyExists);
    coscope::run_blocking(async |s: Scope| {
        let fetch = s.named("fetch").start(Start::Undispatched).launch(std::future::pending());
        raise(SIGQUIT).unwrap();
        let _until_the_dump_was_read = std::io::stdin().read(&mut [0]);
        fetch.cancel("seen");
    });
    drop(guard);
    drop(coscope_debug::dump_on_sigquit().unwrap()); // it may be had again
    raise(SIGQUIT).unwrap(); // nobody listens: that is the end
    unreachable!("SIGQUIT has its default action again");
}

#[test]
fn sigquit_shows_what_runs_and_ends_the_process_only_without_a_guard() {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sigquit_shows_what_runs_and_ends_the_process_only_without_a_guard", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut dump = Vec::new();
    for line in lines {
        dump.push(line.unwrap());
        if dump.last().unwrap().starts_with("jobs: ") {
            break;
        }
    }
    let text = dump.join("\n");
    assert_eq!(dump[0], format!("coscope: what runs in process {}:", process.id()), "{text}");
    assert_eq!(dump[1], "root open", "{text}");
    assert!(text.contains("\"fetch#2\" suspended"), "{text}");
    drop(process.stdin.take());
    assert_eq!(process.wait().unwrap().signal(), Some(SIGQUIT));
}
