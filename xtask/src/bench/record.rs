//! [`Record`]: the figures of a row, peer by peer, round by round; a line of `benches/results.json`.

use crate::json::Json;

/// What one process said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) peer: String,
    pub(crate) unit: String,
    pub(crate) figure: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Only one in a hundred is more; 0 where it was not said.
    pub(crate) late: f64,
    pub(crate) mean: f64,
    pub(crate) cpu_ms: f64,
    pub(crate) peak_kib: f64,
    /// How long the process took, in seconds.
    pub(crate) took: f64,
}

/// The figures of one peer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Figures {
    pub(crate) peer: String,
    /// One a round: the median of that process.
    pub(crate) rounds: Vec<f64>,
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) late: f64,
    pub(crate) mean: f64,
    pub(crate) cpu_ms: f64,
    pub(crate) peak_mib: f64,
    pub(crate) took: f64,
}

/// A row that was measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Record {
    pub(crate) row: String,
    pub(crate) unit: String,
    pub(crate) date: String,
    pub(crate) commit: String,
    /// The processor, and how many cores of it.
    pub(crate) cpu: String,
    pub(crate) command: String,
    /// The load average before and after.
    pub(crate) load: String,
    pub(crate) peers: Vec<Figures>,
}

impl Said {
    /// Reads a line that a peer printed; `None` if it is something else.
    pub(crate) fn read(line: &str) -> Option<Said> {
        let json = Json::parse(line).ok()?;
        let number = |key: &str| json.get(key).number();
        let figure = number("median")?;
        Some(Said {
            peer: json.get("peer").text()?.to_owned(),
            unit: json.get("unit").text()?.to_owned(),
            figure,
            least: number("least").unwrap_or(figure),
            most: number("most").unwrap_or(figure),
            late: number("late").unwrap_or(0.0),
            mean: number("mean").unwrap_or(0.0),
            took: 0.0,
            cpu_ms: number("cpu_ns").unwrap_or(0.0) / 1e6,
            peak_kib: number("peak_kib").unwrap_or(0.0),
        })
    }
}

impl Figures {
    /// Over the rounds.
    pub(crate) fn median(&self) -> f64 {
        median(&self.rounds)
    }

    /// From what was said, a line a round, of one peer.
    pub(crate) fn of(said: &[&Said]) -> Figures {
        let all = |what: fn(&Said) -> f64| said.iter().map(|said| what(said)).collect::<Vec<f64>>();
        Figures {
            peer: said.first().map(|said| said.peer.clone()).unwrap_or_default(),
            rounds: all(|said| said.figure),
            least: all(|said| said.least).into_iter().fold(f64::INFINITY, f64::min),
            most: all(|said| said.most).into_iter().fold(0.0, f64::max),
            late: median(&all(|said| said.late)),
            mean: median(&all(|said| said.mean)),
            took: median(&all(|said| said.took)),
            cpu_ms: median(&all(|said| said.cpu_ms)),
            peak_mib: median(&all(|said| said.peak_kib)) / 1024.0,
        }
    }
}

impl Record {
    pub(crate) fn of(&self, peer: &str) -> Option<&Figures> {
        self.peers.iter().find(|figures| figures.peer == peer)
    }

    /// How many rounds there were.
    pub(crate) fn rounds(&self) -> usize {
        self.peers.iter().map(|figures| figures.rounds.len()).max().unwrap_or(0)
    }

    pub(crate) fn write(&self) -> String {
        let peers: Vec<String> = self.peers.iter().map(write_figures).collect();
        format!(
            "{{\"row\":\"{}\",\"unit\":\"{}\",\"date\":\"{}\",\"commit\":\"{}\",\"cpu\":\"{}\",\"command\":\"{}\",\"load\":\"{}\",\
             \"peers\":[{}]}}",
            self.row,
            self.unit,
            self.date,
            self.commit,
            self.cpu,
            self.command,
            self.load,
            peers.join(",")
        )
    }

    pub(crate) fn read(json: &Json) -> Record {
        let text = |key: &str| json.get(key).text().unwrap_or_default().to_owned();
        Record {
            row: text("row"),
            unit: text("unit"),
            date: text("date"),
            commit: text("commit"),
            cpu: text("cpu"),
            command: text("command"),
            load: text("load"),
            peers: json.get("peers").list().iter().map(read_figures).collect(),
        }
    }
}

fn write_figures(figures: &Figures) -> String {
    let rounds: Vec<String> = figures.rounds.iter().map(|figure| format!("{figure:.2}")).collect();
    format!(
        "{{\"peer\":\"{}\",\"rounds\":[{}],\"least\":{:.2},\"most\":{:.2},\"late\":{:.2},\"mean\":{:.2},\
         \"took\":{:.1},\"cpu_ms\":{:.2},\"peak_mib\":{:.1}}}",
        figures.peer,
        rounds.join(","),
        figures.least,
        figures.most,
        figures.late,
        figures.mean,
        figures.took,
        figures.cpu_ms,
        figures.peak_mib
    )
}

fn read_figures(json: &Json) -> Figures {
    let number = |key: &str| json.get(key).number().unwrap_or(0.0);
    Figures {
        peer: json.get("peer").text().unwrap_or_default().to_owned(),
        rounds: json.get("rounds").list().iter().filter_map(Json::number).collect(),
        least: number("least"),
        most: number("most"),
        late: number("late"),
        mean: number("mean"),
        took: number("took"),
        cpu_ms: number("cpu_ms"),
        peak_mib: number("peak_mib"),
    }
}

/// The middle one; the mean of the two in the middle. 0 of nothing.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let figures = Figures {
            peer: "a b".to_owned(),
            rounds: vec![1.5, 2.0],
            least: 1.0,
            most: 3.0,
            late: 2.5,
            mean: 1.5,
            took: 0.5,
            cpu_ms: 4.0,
            peak_mib: 5.0,
        };
        let record = Record {
            row: "W1a".to_owned(),
            unit: "ms".to_owned(),
            peers: vec![figures],
            ..Record::default()
        };
        assert_eq!(Record::read(&Json::parse(&record.write()).unwrap()), record);
    }

    #[test]
    fn medians() {
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0]), median(&[])), (2.0, 2.5, 0.0));
    }

    #[test]
    fn lines_of_peers() {
        let said = Said::read(
            r#"{"row":"W1a","peer":"go","unit":"ns/op","n":1,"median":2.5,"least":2,"cpu_ns":1000000}"#,
        );
        assert_eq!(said.map(|said| (said.figure, said.least, said.cpu_ms)), Some((2.5, 2.0, 1.0)));
        assert_eq!(Said::read("skip: not here"), None);
    }
}
