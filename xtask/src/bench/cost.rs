//! `cargo xtask callgrind cost`: what probes and the recording of places cost where nobody listens: instructions of the
//! same program with them and in a blind build (`--cfg coscope_blind`), which has neither.

use super::bar::OURS;
use super::book::Book;
use super::callgrind::count;
use super::process::Benches;
use super::table::{number, table};
use super::{machine, row::Row};
use crate::workspace::Workspace;

/// How much it may cost on the rows of spawning, channels and switching, in per cent.
const MOST: f64 = 3.0;

/// The rows, and whether they are judged.
const ROWS: [(&str, bool); 8] = [
    ("I-spawn", true),
    ("I-detached", true),
    ("I-inline", false),
    ("I-yield-2", true),
    ("I-yield-1000", true),
    ("I-spsc-0", true),
    ("I-spsc-1", true),
    ("I-spsc-64", true),
];

/// Counts, and writes the table.
pub(crate) fn run(workspace: &Workspace) -> Result<bool, String> {
    let seeing = Benches::build_alone(workspace, None)?;
    let blind = Benches::build_alone(workspace, Some("coscope_blind"))?;
    let rows = seeing.rows()?;
    let mut lines = Vec::new();
    for (id, is_judged) in ROWS {
        let row = rows.iter().find(|row| row.id == id).ok_or(format!("there is no row {id}"))?;
        lines.push(line(row, is_judged, count(&seeing, row, OURS)?, count(&blind, row, OURS)?));
    }
    let text = table(&["instructions", "with", "without", "cost, %", "asked"], lines);
    println!("{text}");
    Book::open(workspace)?.put_cost(&format!(
        "{text}\nCounted {} at {} by `cargo xtask callgrind cost`; in both builds coscope is the only peer.\n",
        machine::date(),
        machine::commit(workspace)
    ))?;
    println!("see benches/RESULTS.md");
    Ok(true)
}

fn line(row: &Row, is_judged: bool, with: f64, without: f64) -> Vec<String> {
    let cost = 100.0 * (with - without) / without;
    let asked = match is_judged {
        false => String::new(),
        true => format!("{} ≤ {MOST}", if cost <= MOST { "✓" } else { "✗" }),
    };
    vec![row.id.clone(), format!("{with:.1}"), format!("{without:.1}"), number(cost), asked]
}
