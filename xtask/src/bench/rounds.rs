//! `cargo xtask bench [ROW…] [--rounds N] [--quick] [--mimalloc] [--peer NAME…]`: in each round every peer runs once, one
//! after the other, each in a process of its own, so that the machine's moods meet all of them.

use std::collections::BTreeSet;

use super::book::Book;
use super::process::{Benches, Script};
use super::record::{Figures, Record, Said};
use super::row::Row;
use super::{machine, table};
use crate::workspace::Workspace;

/// What was asked for.
#[derive(Debug)]
struct Order {
    rows: Vec<String>,
    rounds: usize,
    quick: bool,
    mimalloc: bool,
    /// Only peers whose names begin so; all if there is none.
    peers: Vec<String>,
    command: String,
}

/// What cannot be had, each said once.
#[derive(Debug, Default)]
struct Skips(BTreeSet<String>);

pub(crate) fn run(workspace: &Workspace, words: &[String]) -> Result<bool, String> {
    let order = order(words)?;
    let benches = Benches::build(workspace, order.mimalloc, order.quick)?;
    let scripts = Script::all(workspace);
    let rows = benches.rows()?;
    let meant: Vec<&Row> = rows.iter().filter(|row| row.is_meant(&order.rows) && !row.is_counted()).collect();
    if meant.is_empty() {
        return Err(format!("no such row; there are {}", ids(&rows)));
    }
    let (date, commit) = (machine::date(), machine::commit(workspace));
    let mut book = Book::open(workspace)?;
    let mut skips = Skips::default();
    let mut measured = Vec::new();
    for row in meant {
        let before = machine::load();
        let said = rounds(&order, &benches, &scripts, row, &mut skips);
        let record = Record {
            row: row.id.clone(),
            unit: said.first().map(|said| said.unit.clone()).unwrap_or_default(),
            date: date.clone(),
            commit: commit.clone(),
            command: order.command.clone(),
            load: format!("{before}–{}", machine::load()),
            peers: by_peer(&said),
        };
        println!(
            "\n{} – {} (load average {})\n{}",
            row.id,
            row.about,
            record.load,
            table::of_row(row, &record)
        );
        if order.is_for_the_book() {
            // row by row, so that a long run that is cut short has not been for nothing
            book.put(record.clone());
            book.write(&rows)?;
        }
        measured.push((row, record));
    }
    let pairs: Vec<(&Row, &Record)> = measured.iter().map(|(row, record)| (*row, record)).collect();
    println!("\n{}", table::summary(&pairs));
    println!(
        "{}",
        if order.is_for_the_book() { "see benches/RESULTS.md" } else { "a look: nothing is written down" }
    );
    Ok(true)
}

/// All that was said about a row, in all rounds.
fn rounds(order: &Order, benches: &Benches, scripts: &[Script], row: &Row, skips: &mut Skips) -> Vec<Said> {
    let mut said = Vec::new();
    for _ in 0..order.rounds {
        for peer in row.peers.iter().filter(|peer| order.asks(peer)) {
            match benches.ask(row, peer) {
                Ok(figures) => said.push(figures),
                Err(why) => skips.say(format!("{} without {peer}: {why}", row.id)),
            }
        }
        for script in scripts.iter().filter(|script| order.asks(&script.name)) {
            match script.ask(row, order.quick) {
                Ok(figures) => said.extend(figures),
                Err(why) => skips.say(format!("{} without {}: {why}", row.id, script.name)),
            }
        }
    }
    said
}

/// Peers in the order in which they were first heard.
fn by_peer(said: &[Said]) -> Vec<Figures> {
    let mut peers: Vec<&str> = Vec::new();
    for one in said {
        if !peers.contains(&one.peer.as_str()) {
            peers.push(&one.peer);
        }
    }
    let of = |peer: &str| Figures::of(&said.iter().filter(|one| one.peer == peer).collect::<Vec<&Said>>());
    peers.into_iter().map(of).collect()
}

impl Skips {
    fn say(&mut self, what: String) {
        if self.0.insert(what.clone()) {
            println!("skipped: {what}");
        }
    }
}

impl Order {
    fn asks(&self, peer: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|begin| peer.starts_with(begin.as_str()))
    }

    /// Whether it is comparable with what stands there: all peers, the system's allocator, no mere look.
    fn is_for_the_book(&self) -> bool {
        !self.quick && !self.mimalloc && self.peers.is_empty()
    }
}

fn order(words: &[String]) -> Result<Order, String> {
    let mut order = Order {
        rows: Vec::new(),
        rounds: 5,
        quick: false,
        mimalloc: false,
        peers: Vec::new(),
        command: format!("cargo xtask bench {}", words.join(" ")).trim_end().to_owned(),
    };
    let mut rounds = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => order.quick = true,
            "--mimalloc" => order.mimalloc = true,
            "--rounds" => {
                let number = words.next().and_then(|word| word.parse().ok()).filter(|number| *number > 0);
                rounds = Some(number.ok_or("--rounds takes a number")?);
            }
            "--peer" => order.peers.push(words.next().ok_or("--peer takes a name")?.clone()),
            word if word.starts_with('-') => return Err(format!("there is no option {word}")),
            word => order.rows.push(word.to_owned()),
        }
    }
    order.rounds = rounds.unwrap_or(if order.quick { 1 } else { 5 });
    Ok(order)
}

fn ids(rows: &[Row]) -> String {
    rows.iter().map(|row| row.id.as_str()).collect::<Vec<&str>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn command_lines() {
        let order = |text: &str| super::order(&text.split(' ').map(str::to_owned).collect::<Vec<String>>());
        let full = order("W1a --rounds 7 W9").unwrap();
        assert_eq!((full.rows.len(), full.rounds, full.is_for_the_book()), (2, 7, true));
        assert!(full.asks("tokio") && !order("--peer smol").unwrap().asks("tokio"));
        assert_eq!(order("--quick").unwrap().rounds, 1);
        assert!(order("--rounds").is_err() && order("--fast").is_err());
    }
}
