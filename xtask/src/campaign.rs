//! `cargo xtask campaign`: the long form of what `test` does in short, for a night or a weekend.

use std::time::Duration;

use crate::step::{Step, now, run_all};
use crate::test;
use crate::workspace::Workspace;

/// One thread switch more than the short form: days rather than minutes for the larger models.
const LONG_PREEMPTIONS: u32 = 3;
/// Loom gives up on a path with more branches than this; its own default is 1,000.
const NO_LIMIT: &str = "100000";
/// The long form of a round: random trees, rounds of selects, messages of each flavor, histories of each kind.
const LONG: [(&str, &str); 4] = [
    ("COSCOPE_STRESS_TREES", "100000"),
    ("COSCOPE_STRESS_SELECTS", "10000000"),
    ("COSCOPE_STRESS_MESSAGES", "10000000"),
    ("COSCOPE_STRESS_HISTORIES", "20000"),
];

pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<bool, String> {
    let (which, minutes) = parse(arguments)?;
    let (loom, stress) = match which {
        "loom" => (true, false),
        "stress" => (false, true),
        "all" => (true, true),
        _ => return Err(format!("`{which}` is no campaign; there are loom, stress and all")),
    };
    let mut good = true;
    if loom {
        let steps: Vec<Step> = test::loom(workspace, LONG_PREEMPTIONS)
            .into_iter()
            .map(|step| {
                let step = step.env("LOOM_MAX_BRANCHES", NO_LIMIT);
                match minutes {
                    // loom counts seconds, for each model by itself
                    Some(minutes) => step.env("LOOM_MAX_DURATION", (minutes * 60).to_string()),
                    None => step,
                }
            })
            .collect();
        good &= run_all(workspace, &steps);
    }
    if stress {
        good &= self::stress(workspace, minutes);
    }
    Ok(good)
}

/// Rounds of all stress tests, each with another seed, until the time is over or one fails.
fn stress(workspace: &Workspace, minutes: Option<u64>) -> bool {
    let started = now();
    let budget = Duration::from_secs(60 * minutes.unwrap_or(0));
    let tests = [workspace.test_files("stress_"), workspace.test_files("linearizable")].concat();
    for round in 1_u64.. {
        let seed = (u64::from(std::process::id()) << 20) + round;
        println!("\nround {round}, seed {seed}");
        let steps: Vec<Step> = tests
            .iter()
            .map(|(name, test)| {
                let line = format!("test -p {name} --release --test {test} -- --include-ignored");
                let step = Step::cargo(format!("{name} {test}"), &line);
                let step = step.env("COSCOPE_STRESS_SEED", seed.to_string());
                LONG.iter().fold(step, |step, (name, value)| step.env(name, *value))
            })
            .collect();
        if !run_all(workspace, &steps) {
            return false;
        }
        if steps.is_empty() || started.elapsed() >= budget {
            break;
        }
    }
    true
}

fn parse(arguments: &[String]) -> Result<(&str, Option<u64>), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [which] => Ok((which, None)),
        [which, "--minutes", minutes] | ["--minutes", minutes, which] => {
            let minutes = minutes.parse().map_err(|_| format!("--minutes {minutes}: that is no number"))?;
            Ok((which, Some(minutes)))
        }
        _ => Err("usage: cargo xtask campaign loom|stress|all [--minutes N]".to_owned()),
    }
}
