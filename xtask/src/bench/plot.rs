//! The results as pictures: horizontal bars, one a peer, in SVG.

use std::fmt::Write;

use super::bar::{OURS, is_rival};
use super::record::{Figures, Record};
use super::table::number;

const LABELS: usize = 250;
const BARS: f64 = 420.0;
const LINE: usize = 22;

/// One bar.
struct Stroke {
    label: String,
    figure: f64,
    color: &'static str,
}

/// A row, the quickest first.
pub(crate) fn of_row(title: &str, record: &Record) -> String {
    let mut figures: Vec<&Figures> = record.peers.iter().collect();
    figures.sort_by(|a, b| a.median().total_cmp(&b.median()));
    let strokes = figures.into_iter().map(|figures| stroke(figures.peer.clone(), figures));
    draw(title, &record.unit, &strokes.collect::<Vec<Stroke>>())
}

/// The columns of a series, one below the other.
pub(crate) fn of_series(title: &str, columns: &[(&str, &Record)]) -> String {
    let strokes = columns.iter().flat_map(|(label, record)| {
        record.peers.iter().map(move |figures| stroke(format!("{label} {}", figures.peer), figures))
    });
    let unit = columns.first().map_or("", |(_, record)| record.unit.as_str());
    draw(title, unit, &strokes.collect::<Vec<Stroke>>())
}

fn stroke(label: String, figures: &Figures) -> Stroke {
    let color = match figures.peer.as_str() {
        OURS => "#d9622b",
        peer if is_rival(peer) => "#5b7fa6",
        _ => "#b3b3b3",
    };
    Stroke { label, figure: figures.median(), color }
}

/// A bar that is far longer than the others is cut, lest they vanish.
fn draw(title: &str, unit: &str, strokes: &[Stroke]) -> String {
    let mut sorted: Vec<f64> = strokes.iter().map(|stroke| stroke.figure).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(1.0);
    let longest = sorted.last().copied().unwrap_or(1.0).min(middle * 8.0).max(f64::MIN_POSITIVE);
    let (width, height) = (LABELS + BARS as usize + 110, (strokes.len() + 2) * LINE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"10\" y=\"20\" font-weight=\"bold\">{} ({unit})</text>\n",
        escaped(title)
    );
    for (at, stroke) in strokes.iter().enumerate() {
        let top = (at + 1) * LINE + 8;
        let length = stroke.figure.min(longest) / longest * BARS;
        let cut = if stroke.figure > longest { " ⋯" } else { "" };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{LABELS}\" y=\"{top}\" width=\"{length:.1}\" height=\"{}\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{}{cut}</text>",
            LABELS - 8,
            top + 13,
            escaped(&stroke.label),
            LINE - 5,
            stroke.color,
            LABELS as f64 + length + 6.0,
            top + 13,
            number(stroke.figure),
        );
    }
    svg + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_a_peer() {
        let figures = |peer: &str, figure| Figures {
            peer: peer.to_owned(),
            rounds: vec![figure],
            ..Figures::default()
        };
        let peers = vec![figures("Vec<Box<_>>", 2.0), figures("coscope", 1.0)];
        let svg = of_row("W1a", &Record { peers, ..Record::default() });
        assert!(svg.contains("Vec&lt;Box&lt;_&gt;&gt;") && svg.matches("<rect").count() == 3);
        assert!(svg.find("coscope") < svg.find("Vec&lt;"));
    }
}
