//! Compares what a chapter has printed with what it is to print.
//!
//! A line stands for itself, but for these, where a figure is the machine's or the moment's own:
//!
//! | in a line | stands for |
//! |---|---|
//! | `{ms:1000}` | the milliseconds, in virtual time exactly so many; in real time not fewer, and as many more as a busy machine takes |
//! | `{ms:10*100/8}` | as before, of 100 tasks of 10 ms each, 8 at a time |
//! | `{cores}`, `{io}` | how many steps the default and the IO dispatcher run at once here; also in the two above |
//! | `{io+cores}` | how many those are together |
//! | `{a..b}` | a whole number from a up to and including b |
//! | `{number}` | any number |
//! | `{worker}` | the name of a thread of the pool, whichever it is |
//! | `{1000 x .}` | what follows the cross, so many times |
//! | `{{` | a brace |

use std::thread::available_parallelism;

use crate::chapter::Chapter;
use crate::stage::Time;

/// What came of a comparison. The worst counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Same,
    /// The same but for a time that is too long.
    Late,
    Different,
}

/// Compares what was printed in `time` with what `chapter` is to print.
pub(crate) fn compare(chapter: &Chapter, printed: &str, time: Time) -> Verdict {
    let mut printed: Vec<&str> = printed.lines().collect();
    if printed.len() != chapter.lines.len() {
        return Verdict::Different;
    }
    let mut worst = Verdict::Same;
    for expected in chapter.lines {
        let candidates = if chapter.any_order { printed.len() } else { 1 };
        let verdicts = printed[..candidates].iter().map(|line| matches(expected, line, time));
        let (at, verdict) =
            verdicts.enumerate().min_by_key(|(_, v)| *v).expect("as many lines as are expected");
        printed.remove(at);
        worst = worst.max(verdict);
    }
    worst
}

/// Both texts line by line, those that are not the same marked.
pub(crate) fn difference(chapter: &Chapter, printed: &str, time: Time) -> String {
    let printed: Vec<&str> = printed.lines().collect();
    let shown = |line: &str| line.chars().take(120).collect::<String>();
    let mut text = String::new();
    for at in 0..printed.len().max(chapter.lines.len()) {
        match (chapter.lines.get(at), printed.get(at)) {
            (Some(e), Some(p)) if !chapter.any_order && matches(e, p, time) == Verdict::Same => {
                text += &format!("      {}\n", shown(p));
            }
            (expected, printed) => {
                expected.inspect(|line| text += &format!("    - {}\n", shown(line)));
                printed.inspect(|line| text += &format!("    + {}\n", shown(line)));
            }
        }
    }
    text
}

fn matches(expected: &str, printed: &str, time: Time) -> Verdict {
    let Some((before, rest)) = expected.split_once('{') else {
        return if expected == printed { Verdict::Same } else { Verdict::Different };
    };
    let Some(printed) = printed.strip_prefix(before) else { return Verdict::Different };
    if let Some(rest) = rest.strip_prefix('{') {
        return printed.strip_prefix('{').map_or(Verdict::Different, |printed| matches(rest, printed, time));
    }
    let (rule, rest) = rest.split_once('}').expect("a rule ends with a brace");
    let Some((verdict, printed)) = apply(rule, printed, time) else { return Verdict::Different };
    verdict.max(matches(rest, printed, time))
}

/// Takes off `printed` what `rule` stands for. `None` if it does not begin with that.
fn apply<'a>(rule: &str, printed: &'a str, time: Time) -> Option<(Verdict, &'a str)> {
    let same = |rest| Some((Verdict::Same, rest));
    if rule == "worker" {
        let (_, rest) = number(printed.strip_prefix("DefaultDispatcher-worker-")?)?;
        return same(rest);
    }
    if let Some((times, what)) = rule.split_once(" x ") {
        return same(printed.strip_prefix(&*what.repeat(value(times)))?);
    }
    let (found, rest) = number(printed)?;
    if rule == "number" {
        return same(rest);
    }
    if let Some((from, to)) = rule.split_once("..") {
        return (value(from)..=value(to)).contains(&found).then_some((Verdict::Same, rest));
    }
    let Some(milliseconds) = rule.strip_prefix("ms:") else {
        return (found == value(rule)).then_some((Verdict::Same, rest));
    };
    let wanted = value(milliseconds);
    let most = if time == Time::Virtual { wanted } else { wanted + wanted * 3 / 4 + 150 };
    match found {
        _ if found < wanted => None,
        _ if found > most => Some((Verdict::Late, rest)),
        _ => same(rest),
    }
}

/// The number that `text` begins with, its whole part, and what follows.
fn number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = text[..end].parse().ok()?;
    let fraction = text[end..].strip_prefix('.').map_or(0, |rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if digits == 0 { 0 } else { digits + 1 }
    });
    Some((whole, &text[end + fraction..]))
}

/// `1000`, `cores`, `io`, `io+cores`, or `10*100/cores`.
fn value(text: &str) -> usize {
    if let Some((unit, (tasks, width))) =
        text.split_once('*').and_then(|(u, r)| Some((u, r.split_once('/')?)))
    {
        return value(unit) * value(tasks).div_ceil(value(width));
    }
    let cores = available_parallelism().map_or(1, usize::from);
    match text {
        "cores" => cores.max(2),
        "io" => cores.max(64),
        "io+cores" => value("io") + value("cores"),
        _ => text.parse().expect("a rule has a number here"),
    }
}
