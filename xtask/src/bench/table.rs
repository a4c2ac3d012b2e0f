//! The results as text: tables in Markdown, which can be read on the screen as well.

use super::bar::{self, OURS, Verdict};
use super::record::{Figures, Record};
use super::row::Row;

/// One row with all its peers, the quickest first.
pub(crate) fn of_row(row: &Row, record: &Record) -> String {
    let mut figures: Vec<&Figures> = record.peers.iter().collect();
    figures.sort_by(|a, b| a.median().total_cmp(&b.median()));
    let ours = record.of(OURS);
    let lines = figures.into_iter().map(|figures| {
        let ratio = ours.filter(|ours| ours.peer != figures.peer).map(|ours| bar::ratio(ours, figures));
        let mut line = vec![
            emphasized(&figures.peer),
            number(figures.median()),
            number(figures.least),
            number(figures.most),
            ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            figures.rounds.len().to_string(),
            number(figures.cpu_ms),
            number(figures.peak_mib),
        ];
        match row.beside.as_str() {
            "late" => line.insert(3, number(figures.late)),
            "mean" => line.insert(4, number(figures.mean)),
            _ => {}
        }
        line
    });
    let median = format!("median, {}", record.unit);
    let mut header = vec!["peer", &median, "least", "most", "ours : it", "rounds", "CPU, ms", "peak, MiB"];
    match row.beside.as_str() {
        "late" => header.insert(3, "p99"),
        "mean" => header.insert(4, "average"),
        _ => {}
    }
    format!("{}\n{}", table(&header, lines.collect()), judged(&bar::verdicts(record, &row.bars)))
}

/// Rows that are the columns of one table, and the bars of each.
pub(crate) fn of_series(columns: &[(&str, &Row, &Record)]) -> String {
    let mut peers: Vec<&str> = Vec::new();
    for (_, row, record) in columns {
        for peer in record.peers.iter().map(|figures| &figures.peer).chain(uncounted(row, record)) {
            if !peers.contains(&peer.as_str()) {
                peers.push(peer);
            }
        }
    }
    let lines = peers.into_iter().map(|peer| {
        let cell = |row: &Row, record: &Record| match record.of(peer) {
            Some(figures) => number(figures.median()),
            None if uncounted(row, record).any(|other| other == peer) => "not counted".to_owned(),
            None => "–".to_owned(),
        };
        let mut line = vec![emphasized(peer)];
        line.extend(columns.iter().map(|(_, row, record)| cell(row, record)));
        line
    });
    let unit = columns.first().map_or("", |(_, _, record)| record.unit.as_str());
    let mut header = vec![unit];
    header.extend(columns.iter().map(|(label, ..)| *label));
    let mut verdicts = Vec::new();
    for (label, row, record) in columns {
        let own = bar::verdicts(record, &row.bars).into_iter();
        verdicts.extend(own.map(|verdict| Verdict { text: format!("{label}: {}", verdict.text), ..verdict }));
    }
    format!("{}\n{}", table(&header, lines.collect()), judged(&verdicts))
}

/// Peers whose instructions could not be counted: not all of them run under valgrind.
fn uncounted<'a>(row: &'a Row, record: &'a Record) -> impl Iterator<Item = &'a String> {
    let missing = |peer: &&String| row.is_counted() && record.of(peer).is_none();
    row.peers.iter().filter(missing)
}

/// The bars as a list.
pub(crate) fn judged(verdicts: &[Verdict]) -> String {
    verdicts
        .iter()
        .map(|verdict| format!("- {}: {}\n", if verdict.met { "met" } else { "**not met**" }, verdict.text))
        .collect()
}

/// All rows in a line each: ours, the best peer, the bars.
pub(crate) fn summary(rows: &[(&Row, &Record)]) -> String {
    let lines = rows.iter().filter_map(|(row, record)| {
        let ours = record.of(OURS)?;
        let verdicts = bar::verdicts(record, &row.bars);
        let best = bar::best(record, Figures::median);
        let text = |verdict: &Verdict| {
            let sign = if verdict.met { "✓" } else { "✗" };
            format!("{sign} {}", verdict.text)
        };
        Some(vec![
            row.id.clone(),
            format!("{} {}", number(ours.median()), record.unit),
            best.map_or_else(String::new, |best| format!("{} {}", best.peer, number(best.median()))),
            verdicts.iter().map(text).collect::<Vec<String>>().join(" · "),
        ])
    });
    table(&["row", OURS, "best peer", "asked"], lines.collect())
}

/// Columns as wide as they need to be.
pub(crate) fn table(header: &[&str], lines: Vec<Vec<String>>) -> String {
    let header: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
    let width = |column: usize| {
        let cells = lines.iter().chain([&header]).filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(2)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    // words to the left, figures to the right
    let is_text = |column: usize| {
        let mut cells = lines.iter().filter_map(|line| line.get(column));
        column == 0 || cells.any(|cell| cell.contains(' '))
    };
    let written = |line: &Vec<String>| {
        let pad = |(column, cell): (usize, &String)| {
            let space = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
            if is_text(column) { format!("{cell}{space}") } else { format!("{space}{cell}") }
        };
        format!("| {} |\n", line.iter().enumerate().map(pad).collect::<Vec<String>>().join(" | "))
    };
    let rule = |(column, width): (usize, &usize)| {
        if is_text(column) { "-".repeat(*width) } else { format!("{}:", "-".repeat(width - 1)) }
    };
    let rules = widths.iter().enumerate().map(rule).collect::<Vec<String>>().join(" | ");
    let mut text = written(&header);
    text.push_str(&format!("| {rules} |\n"));
    lines.iter().for_each(|line| text.push_str(&written(line)));
    text
}

/// With as many digits as it is worth.
pub(crate) fn number(figure: f64) -> String {
    match figure {
        _ if figure >= 1_000.0 => {
            let mut digits = format!("{figure:.0}");
            let mut at = digits.len();
            while at > 3 {
                at -= 3;
                digits.insert(at, ',');
            }
            digits
        }
        _ if figure >= 100.0 => format!("{figure:.0}"),
        _ if figure >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

fn emphasized(peer: &str) -> String {
    if peer == OURS { format!("**{peer}**") } else { peer.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let all = [1_234_567.8, 1_000.0, 123.45, 12.34, 1.234, 0.0].map(number);
        assert_eq!(all, ["1,234,568", "1,000", "123", "12.3", "1.23", "0.00"]);
    }

    #[test]
    fn tables_are_aligned() {
        let text = table(&["a", "b"], vec![vec!["x".to_owned(), "10".to_owned()]]);
        assert_eq!(text, "| a  |  b |\n| -- | -: |\n| x  | 10 |\n");
    }
}
