//! `cargo xtask callgrind [ROW…]`: counts the instructions of an operation, which do not depend on what else the machine
//! does. A peer runs twice, the second time with twice as much to do; the difference is the work without the start-up,
//! and with memory that was used before. `cargo xtask callgrind cost` is in `cost`.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::book::Book;
use super::process::{Benches, output};
use super::record::{Figures, Record};
use super::row::Row;
use super::{cost, machine, table};
use crate::workspace::Workspace;

/// How long a run may take: it is fifty times slower than without.
const LIMIT: Duration = Duration::from_secs(300);

pub(crate) fn run(workspace: &Workspace, words: &[String]) -> Result<bool, String> {
    let found =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        println!("skipped: valgrind is not installed");
        return Ok(true);
    }
    if words == ["cost"] {
        return cost::run(workspace);
    }
    let benches = Benches::build(workspace, false, false)?;
    let rows = benches.rows()?;
    let meant: Vec<&Row> = rows.iter().filter(|row| row.is_counted() && row.is_meant(words)).collect();
    if meant.is_empty() {
        return Err("no such row; those that are counted begin with I-".to_owned());
    }
    let mut book = Book::open(workspace)?;
    for row in meant {
        let mut record = Record {
            row: row.id.clone(),
            unit: "instructions".to_owned(),
            date: machine::date(),
            commit: machine::commit(workspace),
            cpu: machine::cpu(),
            command: format!("cargo xtask callgrind {}", words.join(" ")).trim_end().to_owned(),
            load: machine::load(),
            peers: Vec::new(),
        };
        for peer in &row.peers {
            match count(&benches, row, peer) {
                Ok(each) => record.peers.push(Figures {
                    peer: peer.clone(),
                    rounds: vec![each],
                    least: each,
                    most: each,
                    ..Figures::default()
                }),
                Err(why) => println!("not counted: {} of {peer}: {why}", row.id),
            }
        }
        println!("\n{} – {}\n{}", row.id, row.about, table::of_row(row, &record));
        book.put(record);
    }
    book.write(&rows)?;
    println!("see benches/RESULTS.md");
    Ok(true)
}

/// How often the work is done in the first run; in the second it is twice that.
const TIMES: u64 = 2;

/// Instructions for each operation.
pub(super) fn count(benches: &Benches, row: &Row, peer: &str) -> Result<f64, String> {
    let once = collected(benches, row, peer, TIMES)?;
    let twice = collected(benches, row, peer, 2 * TIMES)?;
    Ok((twice - once) / (row.n * TIMES) as f64)
}

/// Instructions of a whole run.
fn collected(benches: &Benches, row: &Row, peer: &str, times: u64) -> Result<f64, String> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(&benches.binary)
        .args(["once", &row.id, peer, "--times", &times.to_string()])
        // it is there from the beginning: the process need not begin again
        .env("COSCOPE_DEFAULT_PARALLELISM", "2");
    let (_, said) = output(&mut command, LIMIT)?;
    instructions(&said).ok_or_else(|| format!("callgrind did not say: {said}"))
}

/// The number in `==1== Collected : 12345`.
fn instructions(said: &str) -> Option<f64> {
    let (_, after) = said.split_once("Collected :")?;
    after.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found() {
        assert_eq!(instructions("==1== Events    : Ir\n==1== Collected : 12345\n==1== \n"), Some(12345.0));
        assert_eq!(instructions("==1== nothing"), None);
    }
}
