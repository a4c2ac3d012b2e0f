//! [`Book`]: all that was measured, in `benches/`: `results.json` for the tools, `RESULTS.md` and `plots/` for readers. A
//! run replaces the rows that it measured.

use std::fs;
use std::path::PathBuf;

use super::record::Record;
use super::row::Row;
use super::{bar, machine, plot, table};
use crate::json::Json;
use crate::workspace::Workspace;

const HEAD: &str = "\
# Results

Written by `cargo xtask bench` and `cargo xtask callgrind`; how to read them is in the [README](README.md). A figure is
the median over the rounds of the medians of processes, `least` and `most` are over all samples, `ours : it` is the
median of the rounds' ratios. Of the peers, those that suspend and do the same job count for the bar; floors do less.
Each row says on which machine it was measured; what another machine makes of it is another ratio.
";

/// The chapter of `cost`, kept in a file of its own.
const COST: &str = "\n## What it costs to be seen\n\n";
const COST_FILE: &str = "cost.md";

/// Rows that are shown together: one, or the columns of a series.
struct Chapter<'a> {
    title: String,
    file: String,
    columns: Vec<(&'a str, &'a Row, &'a Record)>,
}

/// The folder `benches`, and what is written there.
#[derive(Debug)]
pub(crate) struct Book {
    folder: PathBuf,
    records: Vec<Record>,
    facts: Vec<(&'static str, String)>,
}

impl Book {
    /// What was written before.
    pub(crate) fn open(workspace: &Workspace) -> Result<Book, String> {
        let folder = workspace.root.join("benches");
        let text = fs::read_to_string(folder.join("results.json")).unwrap_or_else(|_| "[]".to_owned());
        let json = Json::parse(&text).map_err(|error| format!("benches/results.json: {error}"))?;
        let records = json.list().iter().map(Record::read).collect();
        Ok(Book { folder, records, facts: machine::facts(workspace) })
    }

    /// How long a peer took to answer when the row was measured last, in seconds.
    pub(crate) fn took(&self, row: &str, peer: &str) -> Option<f64> {
        let record = self.records.iter().find(|record| record.row == row)?;
        record.of(peer).map(|figures| figures.took).filter(|took| *took > 0.0)
    }

    /// Puts a record in the place of the one that was there.
    pub(crate) fn put(&mut self, record: Record) {
        self.records.retain(|old| old.row != record.row);
        self.records.push(record);
    }

    /// Writes all, in the order of `rows`; what is no row any more is dropped.
    pub(crate) fn write(&mut self, rows: &[Row]) -> Result<(), String> {
        let order = |record: &Record| rows.iter().position(|row| row.id == record.row);
        self.records.retain(|record| order(record).is_some());
        self.records.sort_by_key(order);
        let lines: Vec<String> = self.records.iter().map(Record::write).collect();
        self.save("results.json", &format!("[\n{}\n]\n", lines.join(",\n")))?;
        let chapters = self.chapters(rows);
        fs::create_dir_all(self.folder.join("plots")).map_err(|error| format!("benches/plots: {error}"))?;
        for chapter in &chapters {
            self.save(&chapter.file, &chapter.plot())?;
        }
        self.save("RESULTS.md", &self.text(&chapters))
    }

    /// Puts a new table in the place of the one of what probes and places cost; the rest stays as it is.
    pub(crate) fn put_cost(&self, text: &str) -> Result<(), String> {
        self.save(COST_FILE, text)?;
        let path = self.folder.join("RESULTS.md");
        let old = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        self.save("RESULTS.md", &with_cost(&old, text))
    }

    fn save(&self, file: &str, text: &str) -> Result<(), String> {
        fs::write(self.folder.join(file), text).map_err(|error| format!("benches/{file}: {error}"))
    }

    fn chapters<'a>(&'a self, rows: &'a [Row]) -> Vec<Chapter<'a>> {
        let mut chapters: Vec<Chapter<'a>> = Vec::new();
        for row in rows {
            let Some(record) = self.records.iter().find(|record| record.row == row.id) else { continue };
            let title = row.series.clone().unwrap_or_else(|| row.id.clone());
            let label = if row.series.is_some() { row.label() } else { "" };
            match chapters.iter_mut().find(|chapter| chapter.title == title) {
                Some(chapter) => chapter.columns.push((label, row, record)),
                None => {
                    let file = format!("plots/{}.svg", title.replace(' ', "-"));
                    chapters.push(Chapter { title, file, columns: vec![(label, row, record)] });
                }
            }
        }
        chapters
    }

    fn text(&self, chapters: &[Chapter<'_>]) -> String {
        let mut text = HEAD.to_owned() + "\n";
        for (name, fact) in &self.facts {
            text.push_str(&format!("- {name}: {fact}\n"));
        }
        let singles =
            chapters.iter().flat_map(|chapter| &chapter.columns).map(|(_, row, record)| (*row, *record));
        let asked: Vec<(&Row, &Record)> = singles.filter(|(row, _)| !row.bars.is_empty()).collect();
        text.push_str(&format!("\n## All rows\n\n{}", table::summary(&asked)));
        for chapter in chapters {
            text.push_str(&chapter.text(chapters));
        }
        let cost = fs::read_to_string(self.folder.join(COST_FILE)).unwrap_or_default();
        if cost.is_empty() { text } else { with_cost(&text, &cost) }
    }
}

/// The results with this chapter of the cost at their end.
fn with_cost(results: &str, cost: &str) -> String {
    let rest = results.split_once(COST).map_or(results, |(rest, _)| rest);
    format!("{rest}{COST}{cost}")
}

impl Chapter<'_> {
    fn is_series(&self) -> bool {
        self.columns.iter().any(|(label, ..)| !label.is_empty())
    }

    fn plot(&self) -> String {
        let columns: Vec<(&str, &Record)> =
            self.columns.iter().map(|(label, _, record)| (*label, *record)).collect();
        match columns[..] {
            [(_, record)] if !self.is_series() => plot::of_row(&self.title, record),
            _ => plot::of_series(&self.title, &columns),
        }
    }

    fn text(&self, all: &[Chapter<'_>]) -> String {
        let (_, row, record) = &self.columns[0];
        let mut text = format!("\n## {}\n\n", self.title);
        if self.is_series() {
            text.push_str(&table::of_series(&self.columns));
            let labels: Vec<&str> = self.columns.iter().map(|(label, ..)| *label).collect();
            let find = |series: &str, label: &str| {
                let chapter = all.iter().find(|chapter| chapter.title == series)?;
                chapter.columns.iter().find(|(other, ..)| *other == label).map(|(_, _, record)| *record)
            };
            text.push_str(&table::judged(
                &bar::of_series(&self.title, &labels, find).into_iter().collect::<Vec<_>>(),
            ));
        } else {
            text.push_str(&format!(
                "{}. Part: {}. n = {}.\n\n",
                row.about,
                row.part,
                table::number(row.n as f64)
            ));
            text.push_str(&table::of_row(row, record));
        }
        text.push_str(&format!(
            "\n{} at {}, on {}, rounds: {}, load average {}, `{}`\n\n![{}]({})\n",
            record.date,
            record.commit,
            record.cpu,
            record.rounds(),
            record.load,
            record.command,
            self.title,
            self.file
        ));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_stands_once_at_the_end() {
        let once = with_cost("# Results\n", "old\n");
        assert_eq!(once, format!("# Results\n{COST}old\n"));
        assert_eq!(with_cost(&once, "new\n"), format!("# Results\n{COST}new\n"));
    }
}
