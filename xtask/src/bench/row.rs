//! [`Row`]: a row as `coscope-benches list` describes it.

use crate::json::Json;

/// One row that can be measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) about: String,
    pub(crate) n: u64,
    pub(crate) part: String,
    /// The table that the row is a column of, if it is no table of its own.
    pub(crate) series: Option<String>,
    /// As `best 0.8`: see `bar`.
    pub(crate) bars: Vec<String>,
    pub(crate) peers: Vec<String>,
    /// Which scripts are asked as well, if nobody is asked by name.
    pub(crate) abroad: Vec<String>,
    /// More rounds than this say nothing more.
    pub(crate) rounds: usize,
    /// What is shown beside the median: `late`, the one in a hundred, or `mean`.
    pub(crate) beside: String,
}

impl Row {
    pub(crate) fn read(line: &str) -> Result<Row, String> {
        let json = Json::parse(line)?;
        let text = |key: &str| json.get(key).text().unwrap_or_default().to_owned();
        let texts =
            |key: &str| json.get(key).list().iter().filter_map(Json::text).map(str::to_owned).collect();
        Ok(Row {
            id: text("row"),
            about: text("about"),
            n: json.get("n").number().unwrap_or(0.0) as u64,
            part: text("part"),
            series: json.get("series").text().map(str::to_owned),
            bars: texts("bars"),
            peers: texts("peers"),
            abroad: texts("abroad"),
            rounds: json.get("rounds").number().map_or(usize::MAX, |rounds| rounds as usize),
            beside: text("beside"),
        })
    }

    /// What it is called as a column of its series: the end of its name.
    pub(crate) fn label(&self) -> &str {
        let id = self.id.strip_prefix("I-").unwrap_or(&self.id);
        if self.is_counted() { id } else { id.rsplit('-').next().unwrap_or(id) }
    }

    /// Whether its instructions are counted, by `callgrind`; else it is timed, by `bench`.
    pub(crate) fn is_counted(&self) -> bool {
        self.bars.iter().any(|bar| bar.starts_with("instructions"))
    }

    /// Whether one of the words on the command line means this row: its name, or how it begins (`W9`; but `W1` does
    /// not mean `W12a`). No word at all means every row.
    pub(crate) fn is_meant(&self, words: &[String]) -> bool {
        let meant = |word: &String| {
            self.id.strip_prefix(word.as_str()).is_some_and(|rest| {
                !rest.starts_with(|next: char| next.is_ascii_digit())
                    || !word.ends_with(|last: char| last.is_ascii_digit())
            })
        };
        words.is_empty() || words.iter().any(meant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_rows() {
        let row = |id: &str| Row { id: id.to_owned(), ..Row::default() };
        let words = |word: &str| [word.to_owned()];
        assert!(
            row("W1a").is_meant(&[])
                && row("W1a").is_meant(&words("W1"))
                && row("W9-each").is_meant(&words("W9"))
        );
        assert!(!row("W12a-2").is_meant(&words("W1")) && !row("W1a").is_meant(&words("W1b")));
        assert!(
            row("W12a-2-local").is_meant(&words("W12a")) && row("growth-W6-1e3").is_meant(&words("growth"))
        );
    }

    #[test]
    fn reads_a_line() {
        let row = Row::read(
            r#"{"row":"W1a","about":"x","n":10,"part":"ground","series":null,"bars":["best 0.8"],"peers":["a","b"]}"#,
        )
        .unwrap();
        assert_eq!((row.id.as_str(), row.n, row.series.as_deref(), row.peers.len()), ("W1a", 10, None, 2));
    }
}
