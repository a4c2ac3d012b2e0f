//! `cargo xtask bench`: in each round every peer runs once on every row, one after the other, each in a process of its
//! own, so that the machine's moods meet all of them. What has been measured is written down after each row of each
//! round: a run that is cut short has not been for nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use super::book::Book;
use super::order::{Order, order};
use super::process::{Benches, Script};
use super::record::{Figures, Record, Said};
use super::row::Row;
use super::{bar, machine, table};
use crate::step::now;
use crate::workspace::Workspace;

/// What a peer is thought to take that has never been asked, in seconds.
const UNKNOWN: f64 = 1.5;

/// What cannot be had, each said once.
#[derive(Debug, Default)]
struct Skips(BTreeSet<String>);

/// A row under way.
struct Measured<'a> {
    row: &'a Row,
    said: Vec<Said>,
    record: Record,
}

pub(crate) fn run(workspace: &Workspace, words: &[String]) -> Result<bool, String> {
    let order = order(words)?;
    let benches = Benches::build(workspace, order.mimalloc, order.quick)?;
    let scripts = Script::all(workspace);
    let rows = benches.rows()?;
    let meant = rows.iter().filter(|row| row.is_meant(&order.rows) && !row.is_counted());
    let (date, commit, cpu) = (machine::date(), machine::commit(workspace), machine::cpu());
    let mut all: Vec<Measured<'_>> = meant
        .map(|row| {
            let (row_id, command) = (row.id.clone(), order.command.clone());
            let (date, commit, cpu) = (date.clone(), commit.clone(), cpu.clone());
            let record = Record { row: row_id, date, commit, cpu, command, ..Record::default() };
            Measured { row, said: Vec::new(), record }
        })
        .collect();
    if all.is_empty() {
        return Err(format!("no such row; there are {}", ids(&rows)));
    }
    let mut book = Book::open(workspace)?;
    let mut skips = Skips::default();
    for round in 0..order.rounds {
        for at in 0..all.len() {
            if round >= all[at].row.rounds {
                continue;
            }
            all[at].round(&order, &benches, &scripts, &mut skips);
            if order.is_for_the_book() {
                book.put(all[at].record.clone());
                book.write(&rows)?;
            }
            let left = left(&order, &book, &all, round, at);
            let figure = all[at].record.of(bar::OURS).map_or(0.0, Figures::median);
            let Measured { row, record, .. } = &all[at];
            println!(
                "round {} of {}: {} {} {}; {} left",
                round + 1,
                order.rounds,
                row.id,
                table::number(figure),
                record.unit,
                minutes(left)
            );
        }
    }
    for Measured { row, record, .. } in &all {
        let about = format!("{} – {} (load average {})", row.id, row.about, record.load);
        println!("\n{about}\n{}", table::of_row(row, record));
    }
    let pairs: Vec<(&Row, &Record)> = all.iter().map(|one| (one.row, &one.record)).collect();
    println!("\n{}", table::summary(&pairs));
    println!(
        "{}",
        if order.is_for_the_book() { "see benches/RESULTS.md" } else { "a look: nothing is written down" }
    );
    Ok(true)
}

impl Measured<'_> {
    /// Asks each peer once.
    fn round(&mut self, order: &Order, benches: &Benches, scripts: &[Script], skips: &mut Skips) {
        let before = machine::load();
        let row = self.row;
        for peer in row.peers.iter().filter(|peer| order.asks(peer)) {
            if !self.is_open(peer) {
                continue;
            }
            match timed(|| benches.ask(row, peer)) {
                Ok(figures) => self.said.extend(figures),
                Err(why) => skips.say(format!("{} without {peer}: {why}", row.id)),
            }
        }
        for script in scripts.iter().filter(|script| order.asks_abroad(row, &script.name)) {
            let known: Vec<&Said> =
                self.said.iter().filter(|said| said.peer.starts_with(&script.name)).collect();
            if !known.is_empty() && !known.iter().any(|said| self.is_open(&said.peer)) {
                continue;
            }
            match timed(|| script.ask(row, order.quick)) {
                Ok(figures) => self.said.extend(figures),
                Err(why) => skips.say(format!("{} without {}: {why}", row.id, script.name)),
            }
        }
        self.record.unit = self.said.first().map(|said| said.unit.clone()).unwrap_or_default();
        let first = self.record.load.split('–').next().filter(|load| !load.is_empty()).unwrap_or(&before);
        self.record.load = format!("{first}–{}", machine::load());
        self.record.peers = by_peer(&self.said);
    }

    fn is_open(&self, peer: &str) -> bool {
        bar::is_open(&self.record, &self.row.bars, peer)
    }

    /// How long the next round takes, in seconds: as the last has, or as it did when it was measured before.
    fn takes(&self, order: &Order, book: &Book) -> f64 {
        if self.record.peers.is_empty() {
            let peers = self.row.peers.iter().filter(|peer| order.asks(peer));
            let took = |peer: &String| book.took(&self.row.id, peer).unwrap_or(UNKNOWN);
            let abroad = if order.asks_anybody() { self.row.abroad.len() } else { 0 };
            return peers.map(took).sum::<f64>() + abroad as f64 * 3.0 * UNKNOWN;
        }
        let open = self.record.peers.iter().filter(|figures| self.is_open(&figures.peer));
        open.map(|figures| figures.took).sum()
    }
}

/// How long the rest of the run takes, after a row of a round.
fn left(order: &Order, book: &Book, all: &[Measured<'_>], round: usize, at: usize) -> Duration {
    let of = |(place, one): (usize, &Measured<'_>)| {
        let done = round + usize::from(place <= at);
        one.takes(order, book) * order.rounds.min(one.row.rounds).saturating_sub(done) as f64
    };
    Duration::from_secs_f64(all.iter().enumerate().map(of).sum())
}

fn minutes(time: Duration) -> String {
    format!("{}:{:02} min", time.as_secs() / 60, time.as_secs() % 60)
}

/// What was said, with how long each took to say it.
fn timed(ask: impl FnOnce() -> Result<Vec<Said>, String>) -> Result<Vec<Said>, String> {
    let began = now();
    let mut said = ask()?;
    let took = began.elapsed().as_secs_f64() / said.len() as f64;
    said.iter_mut().for_each(|said| said.took = took);
    Ok(said)
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

fn ids(rows: &[Row]) -> String {
    rows.iter().map(|row| row.id.as_str()).collect::<Vec<&str>>().join(", ")
}
