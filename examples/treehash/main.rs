//! treehash: hashes every file below a directory, on all cores, with a bound on memory and on files
//! open at once.
//!
//! ```text
//! cargo run --release --example treehash -- DIR
//! ```
//!
//! One scope, one coroutine a file: read on IO, hashed on Default, which are two permits on one pool.
//! A walker launches them and waits when as many are under way as may be. Ctrl-C asks it to stop, a
//! second one cancels. See `options.rs` for what can be asked for.
#![allow(unreachable_pub)]

mod algorithm;
mod options;
mod output;
mod progress;
mod signals;
mod tally;
mod walk;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use coscope::prelude::*;

use options::{Asked, Options};
use tally::{End, Tally};

fn main() -> ExitCode {
    let options = match options::parse(std::env::args_os().skip(1)) {
        Ok(Asked::Run(options)) => options,
        Ok(Asked::Help) => {
            print!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("treehash: {message}");
            eprintln!("Try `treehash --help`.");
            return ExitCode::from(2);
        }
    };
    let begin = now();
    let tally = Arc::new(Tally::new());
    let end = run(&options, &tally);
    progress::clear(&tally);
    let report = tally.take();
    if let Err(error) = output::print(&options, &report, end) {
        eprintln!("treehash: cannot write the result: {error}");
        return ExitCode::from(1);
    }
    output::summary(&report, end, begin.elapsed());
    end.exit_code(&report)
}

#[allow(clippy::disallowed_methods)] // the program's own time, not a coroutine's
fn now() -> Instant {
    Instant::now()
}

/// Walks and hashes until all is done, the time is over, or somebody has had enough.
fn run(options: &Options, tally: &Arc<Tally>) -> End {
    run_blocking(async |s: Scope| {
        let whole = walk::hash_tree(options.clone(), tally.clone());
        let timed = with_timeout(options.timeout, whole);
        let all = s.on(Dispatchers::default()).named("treehash").spawn(timed);
        let job = all.job();
        let _interrupts = signals::on_interrupt(job.clone());
        match all.outcome().await {
            Ok(Ok(())) if job.is_stop_requested() => End::Interrupted,
            Ok(Ok(())) => End::Complete,
            Ok(Err(_timed_out)) => End::TimedOut,
            Err(_cancelled) => End::Interrupted,
        }
    })
}
