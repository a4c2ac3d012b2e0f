//! A tour of coscope in small chapters, each a program of its own.
//!
//! ```text
//! cargo run --release --example tour -- --list          the chapters
//! cargo run --release --example tour -- cancel-finally  one of them, in real time
//! cargo run --release --example tour -- --check         all, compared with what they are to print
//! ```

mod basics;
mod cancellation;
mod chapter;
mod check;
mod compare;
mod composing;
mod contents;
mod context;
mod dispatchers;
mod shared_state;
mod stage;
mod structure;

use std::process::ExitCode;

const USAGE: &str = "usage: tour NAME | --list | --check";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--list"] => contents::list(),
        ["--check"] => return check::run(),
        [check::VIRTUAL, name] => return play(name, stage::Time::Virtual),
        [name] if !name.starts_with('-') => return play(name, stage::Time::Real),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn play(name: &str, time: stage::Time) -> ExitCode {
    let Some(chapter) = contents::find(name) else {
        eprintln!("tour: there is no chapter {name:?}{}", contents::hint(name));
        return ExitCode::from(2);
    };
    stage::set(time);
    (chapter.run)();
    ExitCode::SUCCESS
}
