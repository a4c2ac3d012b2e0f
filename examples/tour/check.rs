//! Runs every chapter in a process of its own, since coroutines are numbered per process, and compares
//! what it prints.
//!
//! A time that is too long in real time says more about the machine than about the chapter: it is
//! taken once more, with nothing beside it. Nothing else is tried twice.

use std::io::Read;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use coscope::prelude::*;

use crate::chapter::{Chapter, Clock};
use crate::compare::{Verdict, compare, difference};
use crate::contents;
use crate::stage::Time;

/// Has a chapter run in virtual time.
pub(crate) const VIRTUAL: &str = "--virtual-time";

/// After so long a process is killed.
const LIMIT: Duration = Duration::from_secs(30);

/// A chapter in one kind of time.
#[derive(Clone, Copy)]
struct Case {
    chapter: &'static Chapter,
    time: Time,
}

/// What a process has left.
struct Ended {
    printed: String,
    complaints: String,
    success: bool,
}

/// Runs all, says what failed, and how many passed.
pub(crate) fn run() -> ExitCode {
    let case = |time| move |chapter| Case { chapter, time };
    let in_virtual = contents::chapters().filter(|c| c.clock != Clock::Real).map(case(Time::Virtual));
    let in_real = || contents::chapters().filter(|c| c.clock != Clock::Virtual);
    let beside = in_real().filter(|c| !c.alone).map(case(Time::Real));
    let alone = in_real().filter(|c| c.alone).map(case(Time::Real));
    let mut failures = Vec::new();
    let mut passed = 0;
    let mut took = Vec::new();
    let groups: [(usize, Vec<Case>); 3] =
        [(4, in_virtual.collect()), (16, beside.collect()), (1, alone.collect())];
    for (at_once, cases) in groups {
        let begin = coscope::now();
        let played = run_blocking(async |s: Scope| play_all(&s, at_once, cases).await);
        took.push((played.len(), (coscope::now() - begin).as_secs_f64()));
        for (case, ended) in played {
            match judge(case, ended) {
                Ok(()) => passed += 1,
                Err(report) => failures.push(report),
            }
        }
    }
    for report in &failures {
        println!("{report}");
    }
    for ((chapters, seconds), how) in took.iter().zip(["in virtual time", "in real time", "alone"]) {
        println!("{chapters} {how}, in {seconds:.2} s");
    }
    println!("{passed} passed, {} failed", failures.len());
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn play_all(s: &Scope, at_once: usize, cases: Vec<Case>) -> Vec<(Case, Ended)> {
    let limit = s.limit(at_once);
    let mut running = Vec::new();
    for case in cases {
        running.push(limit.spawn(async move { (case, play(case).await) }).await);
    }
    await_all(running).await
}

/// Runs one chapter in a process.
async fn play(case: Case) -> Ended {
    let mut command = Command::new(std::env::current_exe().expect("a running program has a file"));
    if case.time == Time::Virtual {
        command.arg(VIRTUAL);
    }
    command.arg(case.chapter.name).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("this very program can be started");
    let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    scope(async |s: Scope| {
        let printed = s.on(Dispatchers::io()).spawn(async { read(stdout) });
        let complaints = s.on(Dispatchers::io()).spawn(async { read(stderr) });
        let kill = s.spawn(watch(child));
        let (printed, complaints) = (printed.await, complaints.await);
        Ended { printed, complaints, success: kill.await }
    })
    .await
}

/// Waits until a process has ended, well or not; kills it when its time is over.
async fn watch(mut child: Child) -> bool {
    let ended = with_timeout(LIMIT, async {
        loop {
            if let Some(status) = child.try_wait().expect("it is our own") {
                return status.success();
            }
            delay(Duration::from_millis(5)).await;
        }
    })
    .await;
    ended.unwrap_or_else(|_| {
        let _gone = child.kill();
        let _status = child.wait();
        false
    })
}

fn read(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    let _end = from.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn judge(case: Case, mut ended: Ended) -> Result<(), String> {
    let Case { chapter, time } = case;
    let mut verdict = compare(chapter, &ended.printed, time);
    if verdict == Verdict::Late && ended.success && time == Time::Real {
        ended = run_blocking(async |_| play(case).await);
        verdict = compare(chapter, &ended.printed, time);
    }
    if verdict == Verdict::Same && ended.success {
        return Ok(());
    }
    let how = if ended.success { "" } else { ", ended badly" };
    let lines = difference(chapter, &ended.printed, time);
    Err(format!(
        "FAILED {} ({time:?} time{how}; - expected, + printed)\n{lines}{}",
        chapter.name, ended.complaints
    ))
}
