//! [`verdicts`]: whether coscope meets what is asked of it in a row.
//!
//! | bar | asks for |
//! |---|---|
//! | `best 0.8` | at most 0.8 times the best peer |
//! | `kotlin 0.1` | at most 0.1 times that peer |
//! | `most 60` | at most 60, in the unit of the row |
//! | `late 12` | at most 12, but for one in a hundred |
//! | `cpu 0.8`, `memory 0.9` | at most so much of the CPU time, the peak memory, of the peer with the least |
//! | `instructions 650` | at most 650 |
//!
//! A ratio is the median of the ratios of the rounds, which were taken one right after the other.

use super::record::{Figures, Record, median};

/// Whose figures are ours.
pub(crate) const OURS: &str = "coscope";

/// The peer that loses nothing.
const IDEAL: &str = "ideal";

/// What came of one bar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// As `0.93 × smol static, asked ≤ 0.8`.
    pub(crate) text: String,
    pub(crate) met: bool,
}

/// Whether a peer does the same job. Our own variants, floors and ideals are shown, not counted.
pub(crate) fn is_rival(peer: &str) -> bool {
    !peer.starts_with(OURS) && !peer.ends_with("(floor)") && ![IDEAL, "Vec<Box<_>>"].contains(&peer)
}

/// The rival with the least of something.
pub(crate) fn best(record: &Record, what: fn(&Figures) -> f64) -> Option<&Figures> {
    let rivals = record.peers.iter().filter(|figures| is_rival(&figures.peer));
    rivals.min_by(|a, b| what(a).total_cmp(&what(b)))
}

/// A rival that takes so many times as long as the best is not asked again.
const HOPELESS: f64 = 2.5;

/// Whether to ask a peer once more. Two rounds are enough of what is only shown, and of a rival that is far from
/// being the best in anything that is judged.
pub(crate) fn is_open(record: &Record, bars: &[String], peer: &str) -> bool {
    let Some(figures) = record.of(peer).filter(|figures| figures.rounds.len() >= 2) else { return true };
    if bars.is_empty() || peer.starts_with(OURS) || bars.iter().any(|bar| bar.starts_with(peer)) {
        return true;
    }
    let near = |bar: &str, what: fn(&Figures) -> f64| {
        let judged = bars.iter().any(|other| other.starts_with(bar));
        judged && best(record, what).is_some_and(|best| what(figures) <= HOPELESS * what(best))
    };
    is_rival(peer)
        && (near("best ", |figures| figures.rounds.iter().copied().fold(f64::INFINITY, f64::min))
            || near("cpu ", |figures| figures.cpu_ms)
            || near("memory ", |figures| figures.peak_mib))
}

/// How many rounds it takes to say that a bar is met. Instructions are counted once.
const ROUNDS: usize = 5;

/// One for each bar that can be judged with what was measured.
pub(crate) fn verdicts(record: &Record, bars: &[String]) -> Vec<Verdict> {
    let Some(ours) = record.of(OURS) else { return Vec::new() };
    let rounds = ours.rounds.len();
    let mut verdicts: Vec<Verdict> = bars.iter().filter_map(|bar| verdict(record, ours, bar)).collect();
    if rounds < ROUNDS && !bars.iter().any(|bar| bar.starts_with("instructions")) {
        verdicts
            .iter_mut()
            .for_each(|verdict| verdict.text += &format!(", provisional: {rounds} of {ROUNDS} rounds"));
    }
    verdicts
}

fn verdict(record: &Record, ours: &Figures, bar: &str) -> Option<Verdict> {
    let (kind, limit) = bar.rsplit_once(' ')?;
    let limit: f64 = limit.parse().ok()?;
    let judged = |figure: f64, of: &str| Verdict {
        text: format!("{figure:.2} × {of} (≤ {limit})"),
        met: figure <= limit,
    };
    Some(match kind {
        "most" | "instructions" => {
            let figure = ours.median();
            Verdict { text: format!("{figure:.1} {} (≤ {limit})", record.unit), met: figure <= limit }
        }
        "late" => {
            let figure = ours.late;
            Verdict {
                text: format!("{figure:.2} {} at p99 (≤ {limit})", record.unit), met: figure <= limit
            }
        }
        "cpu" => {
            let best = best(record, |figures| figures.cpu_ms)?;
            judged(ours.cpu_ms / best.cpu_ms, &format!("CPU of {}", best.peer))
        }
        "memory" => {
            let best = best(record, |figures| figures.peak_mib)?;
            judged(ours.peak_mib / best.peak_mib, &format!("memory of {}", best.peer))
        }
        "best" => {
            let best = best(record, Figures::median)?;
            judged(ratio(ours, best), &best.peer)
        }
        peer => judged(ratio(ours, record.of(peer)?), peer),
    })
}

/// The median of the rounds' ratios.
pub(crate) fn ratio(ours: &Figures, other: &Figures) -> f64 {
    let ratios: Vec<f64> = ours.rounds.iter().zip(&other.rounds).map(|(ours, other)| ours / other).collect();
    median(&ratios)
}

/// What is asked of a series as a whole: that its columns are not far apart. `record` gives the column with a label.
pub(crate) fn of_series<'a>(
    series: &str,
    labels: &[&str],
    record: impl Fn(&str, &str) -> Option<&'a Record>,
) -> Option<Verdict> {
    let cost = |series: &str, label: &str, peer: &str| Some(record(series, label)?.of(peer)?.median());
    if series.starts_with("growth of") {
        let (first, last) = (*labels.first()?, *labels.last()?);
        let boxes = "growth of boxes";
        let growth = cost(series, last, OURS)? / cost(series, first, OURS)?;
        let caches = cost(boxes, last, "Vec<Box<_>>")? / cost(boxes, first, "Vec<Box<_>>")?;
        let figure = growth / caches.max(1.0);
        let text = format!(
            "from {first} to {last}: × {growth:.2}, without the caches' part (× {caches:.2}) × {figure:.2} (≤ 1.5)"
        );
        return Some(Verdict { text, met: figure <= 1.5 });
    }
    if series == "W7-cpu" {
        // each beside its own ideal, which was measured right before it
        let loss = |label| Some(ratio(record(series, label)?.of(OURS)?, record(series, label)?.of(IDEAL)?));
        let figure = loss("64")? / loss("2")?;
        return Some(Verdict {
            text: format!("on IO {figure:.2} × that on Default, each beside its ideal (≤ 1.03)"),
            met: figure <= 1.03,
        });
    }
    if series.ends_with("by workers") {
        let most = labels.iter().filter_map(|label| cost(series, label, OURS)).fold(0.0, f64::max);
        let figure = most / cost(series, "2", OURS)?;
        return Some(Verdict {
            text: format!("the worst: {figure:.2} × that on 2 (≤ 1.3)"),
            met: figure <= 1.3,
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(peer: &str, rounds: &[f64]) -> Figures {
        Figures { peer: peer.to_owned(), rounds: rounds.to_vec(), cpu_ms: rounds[0], ..Figures::default() }
    }

    #[test]
    fn who_is_asked_again() {
        let peers = vec![
            figures("coscope", &[80.0, 90.0]),
            figures("x (floor)", &[1.0, 1.0]),
            figures("smol", &[100.0, 100.0]),
            figures("tokio", &[300.0, 240.0]),
            figures("may", &[300.0, 300.0]),
            figures("go", &[300.0]),
        ];
        let record = Record { peers, ..Record::default() };
        let open = |bar: &str| {
            let open = |figures: &&Figures| is_open(&record, &[bar.to_owned()], &figures.peer);
            record.peers.iter().filter(open).map(|figures| figures.peer.as_str()).collect::<Vec<&str>>()
        };
        assert_eq!(open("best 0.8"), ["coscope", "smol", "tokio", "go"]);
        assert_eq!(open("may 0.8"), ["coscope", "may", "go"]);
        assert!(is_open(&record, &[], "may"));
    }

    #[test]
    fn bars_are_judged() {
        let peers = vec![
            figures("coscope", &[80.0, 90.0, 100.0]),
            figures("coscope bare", &[1.0]),
            figures("x (floor)", &[1.0]),
            figures("smol", &[100.0, 100.0, 200.0]),
            figures("tokio", &[300.0, 300.0, 300.0]),
        ];
        let record = Record { unit: "ns/op".to_owned(), peers, ..Record::default() };
        let judge = |bar: &str| verdicts(&record, &[bar.to_owned()]).first().map(|verdict| verdict.met);
        assert_eq!(judge("best 0.8"), Some(true));
        assert_eq!(judge("best 0.7"), Some(false));
        assert_eq!(judge("tokio 0.3"), Some(true));
        assert_eq!(judge("go 0.3"), None);
        assert_eq!(judge("most 90"), Some(true));
        assert_eq!(judge("cpu 0.7"), Some(false));
    }
}
