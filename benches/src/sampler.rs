//! [`measure`]: runs the work as often as its pace asks for, and says what it cost in one line of JSON.
//!
//! May import `sample`, `row`, `peer`.

use std::fs;
use std::time::{Duration, Instant};

use crate::peer::Run;
use crate::row::{Pace, Row, Shows};
use crate::sample::Sample;

/// How long brief work is warmed up.
const WARM_UP: Duration = Duration::from_millis(400);
/// How long it is measured.
const MEASURED: Duration = Duration::from_millis(1_200);
/// The samples of brief work: at least, and at most.
const SAMPLES: (usize, usize) = (5, 100);

/// Runs and reports; `quick` is for a look, its figures are worth less.
pub(crate) fn measure(row: &Row, peer: &str, mut run: Run, n: usize, quick: bool) -> String {
    let (warm_up, measured) = if quick { (WARM_UP / 8, MEASURED / 8) } else { (WARM_UP, MEASURED) };
    let mut samples = Vec::new();
    if row.pace == Pace::Long {
        samples.push(run(n));
    } else {
        repeat(warm_up, (1, 20), || {
            run(n);
        });
        repeat(measured, SAMPLES, || samples.push(run(n)));
    }
    report(row, peer, n, &samples)
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
    let mut walls: Vec<u128> = samples.iter().map(|sample| sample.wall.as_nanos()).collect();
    walls.sort_unstable();
    let median = walls[walls.len() / 2];
    let cpu: Duration = samples.iter().map(|sample| sample.cpu).sum::<Duration>() / samples.len() as u32;
    let mean = walls.iter().sum::<u128>() / walls.len() as u128;
    let (unit, scale) = match row.shows {
        Shows::Each => ("ns/op", n as f64),
        Shows::Whole => ("ms", 1e6),
    };
    let figure = |wall: u128| wall as f64 / scale;
    format!(
        "{{\"row\":\"{}\",\"peer\":\"{peer}\",\"unit\":\"{unit}\",\"n\":{n},\"median\":{:.2},\"least\":{:.2},\
         \"mean\":{:.2},\"most\":{:.2},\"wall_ns\":{median},\"cpu_ns\":{},\"peak_kib\":{}}}",
        row.id,
        figure(median),
        figure(walls[0]),
        figure(mean),
        figure(walls[walls.len() - 1]),
        cpu.as_nanos(),
        peak_kib(),
    )
}

/// The most memory that this process has held; 0 where the system does not say.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
