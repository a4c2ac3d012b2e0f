//! The project's chores. `cargo xtask help` lists them.
//!
//! Standard library only, so that a fresh machine builds it in a second or two. This file is the
//! table of commands; each command has a file of its own.
//!
//! Bottom up: `rust_text` (code without its comments and strings) → `paths` (what it names) →
//! `workspace` (which files there are) → `report` and `step` (what came out) → one file per check →
//! `lint`, `test`, `campaign`; and apart from these `bench`, a folder.

mod bench;
mod campaign;
mod doors;
mod json;
mod layers;
mod length;
mod licences;
mod lint;
mod modules;
mod page;
mod paths;
mod report;
mod rust_text;
mod spelling;
mod step;
mod test;
mod unsafe_audit;
mod workspace;

use std::process::ExitCode;

use report::Report;
use workspace::Workspace;

/// A command: whether all went well.
type Run = fn(&Workspace, &[String]) -> Result<bool, String>;

struct Command {
    name: &'static str,
    about: &'static str,
    run: Run,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        about: "every test: units, docs, loom models in short form, the tour",
        run: test::run,
    },
    Command { name: "lint", about: "format, clippy, docs, and all the checks below", run: lint::run },
    Command {
        name: "layers",
        about: "crates and modules import downward only",
        run: |workspace, _| alone("layers", layers::check, workspace),
    },
    Command {
        name: "doors",
        about: "atomics are named in primitive.rs only",
        run: |workspace, _| alone("doors", doors::check, workspace),
    },
    Command {
        name: "unsafe",
        about: "unsafe stands in its rooms, each block with a SAFETY line",
        run: |workspace, _| alone("unsafe", unsafe_audit::check, workspace),
    },
    Command {
        name: "length",
        about: "files stay short: a warning over 300 lines of code, an error over 500",
        run: |workspace, _| alone("length", length::check, workspace),
    },
    Command {
        name: "spelling",
        about: "public names are made of words in xtask/words.txt",
        run: |workspace, _| alone("spelling", spelling::check, workspace),
    },
    Command {
        name: "licences",
        about: "every dependency has a licence that deny.toml allows",
        run: |workspace, _| alone("licences", licences::check, workspace),
    },
    Command {
        name: "campaign",
        about: "loom|stress|all [--minutes N]: the long form of the models and stress tests",
        run: campaign::run,
    },
    Command {
        name: "page",
        about: "the live page in a headless Chromium, which there must be; its picture in the guide is made anew",
        run: page::run,
    },
    Command {
        name: "bench",
        about: "[ROW…] [--rounds N] [--quick] [--mimalloc] [--peer NAME]: what coscope and its peers cost",
        run: bench::rounds,
    },
    Command {
        name: "callgrind",
        about: "[ROW…]: how many instructions an operation takes",
        run: bench::callgrind,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        help();
        return ExitCode::FAILURE;
    };
    if ["help", "--help", "-h"].contains(&name.as_str()) {
        help();
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("xtask: there is no command `{name}`\n");
        help();
        return ExitCode::FAILURE;
    };
    match Workspace::find().and_then(|workspace| (command.run)(&workspace, rest)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask {name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn help() {
    println!("usage: cargo xtask <command>\n");
    for command in COMMANDS {
        println!("  {:<9} {}", command.name, command.about);
    }
}

/// Runs one check outside `lint`.
fn alone(name: &str, check: step::Check, workspace: &Workspace) -> Result<bool, String> {
    let report: Report = check(workspace)?;
    report.print();
    println!("{name}: {}", report.summary());
    Ok(report.is_clean())
}
