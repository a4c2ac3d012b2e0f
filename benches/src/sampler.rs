//! [`measure`]: runs the work as often as its pace asks for, and says what it cost in one line of JSON; in a second
//! one, as the peer `ideal`, what it would have cost without any loss, if the run knows.
//!
//! May import `sample`, `row`, `peer`.

use std::fs;
use std::time::{Duration, Instant};

use crate::peer::Run;
use crate::row::{Pace, Row, Shows};
use crate::sample::Sample;

/// How long brief work is warmed up: by then the median does not change any more.
const WARM_UP: Duration = Duration::from_millis(200);
/// How long it is measured.
const MEASURED: Duration = Duration::from_millis(600);
/// The samples of brief work: at least, and at most.
const SAMPLES: (usize, usize) = (5, 100);
/// How many points a document has, and what comes before each.
const POINTS: usize = 100;
const WARM_UPS: usize = 25;

/// Runs and reports; `quick` is for a look, its figures are worth less.
pub(crate) fn measure(row: &Row, peer: &str, mut run: Run, n: usize, quick: bool) -> String {
    let mut samples = Vec::new();
    match row.pace {
        Pace::Long => samples.push(run(n)),
        Pace::Times(times) => {
            run(n);
            samples.extend((0..if quick { times.div_ceil(8) } else { times }).map(|_| run(n)));
        }
        Pace::Points(of) => {
            for _ in 0..WARM_UPS {
                run(n);
            }
            samples.extend((0..if quick { of } else { of * POINTS }).map(|_| run(n)));
        }
        Pace::Brief => {
            let (warm_up, measured) = if quick { (WARM_UP / 8, MEASURED / 8) } else { (WARM_UP, MEASURED) };
            repeat(warm_up, (1, 20), || {
                run(n);
            });
            repeat(measured, SAMPLES, || samples.push(run(n)));
        }
    }
    let mut said = report(row, peer, n, &samples);
    let ideal = |sample: &Sample| sample.ideal.map(|wall| Sample { wall, cpu: Duration::ZERO, ..*sample });
    if let Some(ideals) = samples.iter().map(ideal).collect::<Option<Vec<Sample>>>() {
        said = format!("{said}\n{}", report(row, "ideal", n, &ideals));
    }
    said
}

/// So often, and until so long has passed.
fn repeat(time: Duration, (least, most): (usize, usize), mut action: impl FnMut()) {
    let began = Instant::now();
    for round in 0..most {
        if round >= least && began.elapsed() >= time {
            break;
        }
        action();
    }
}

fn report(row: &Row, peer: &str, n: usize, samples: &[Sample]) -> String {
    let (unit, scale) = match row.shows {
        Shows::Each => ("ns/op", n as f64),
        Shows::Whole | Shows::Late => ("ms", 1e6),
        Shows::Wakes => ("wakes/s", n as f64),
    };
    let figure = |sample: &Sample| match row.shows {
        Shows::Wakes => sample.wakes as f64 / scale,
        _ => sample.wall.as_nanos() as f64 / scale,
    };
    let mut figures: Vec<f64> = samples.iter().map(figure).collect();
    let points = match row.pace {
        Pace::Points(of) => format!(",\"points\":[{}]", points(&figures, of)),
        _ => String::new(),
    };
    figures.sort_by(f64::total_cmp);
    let count = figures.len();
    let cpu: Duration = samples.iter().map(|sample| sample.cpu).sum::<Duration>() / count as u32;
    format!(
        "{{\"row\":\"{}\",\"peer\":\"{peer}\",\"unit\":\"{unit}\",\"n\":{n},\"median\":{:.2},\"least\":{:.2},\
         \"mean\":{:.2},\"late\":{:.2},\"most\":{:.2},\"cpu_ns\":{},\"peak_kib\":{}{points}}}",
        row.id,
        figures[count / 2],
        figures[0],
        figures.iter().sum::<f64>() / count as f64,
        figures[(count * 99).div_ceil(100) - 1],
        figures[count - 1],
        cpu.as_nanos(),
        peak_kib(),
    )
}

/// As `[least,most,average]` each.
fn points(figures: &[f64], of: usize) -> String {
    let point = |figures: &[f64]| {
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let most = figures.iter().copied().fold(0.0, f64::max);
        format!("[{least:.1},{most:.1},{:.1}]", figures.iter().sum::<f64>() / figures.len() as f64)
    };
    figures.chunks(of).map(point).collect::<Vec<String>>().join(",")
}

/// The most memory that this process has held; 0 where the system does not say.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
