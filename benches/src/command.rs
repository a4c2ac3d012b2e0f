//! The command line: `list`, `run`, `once`.
//!
//! May import all above it.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use crate::peer::{self, Peer, Setup};
use crate::row::{Pace, Row, Shows};
use crate::sampler;
use crate::scenario;

const USAGE: &str = "\
usage: coscope-benches list                               the rows, and who offers them, as lines of JSON
       coscope-benches run ROW PEER [--n N] [--threads T] [--quick]
       coscope-benches once ROW PEER [--n N] [--threads T] [--times K]    without a word, for a profiler";

/// What was asked for.
struct Order {
    row: Row,
    peer: String,
    n: usize,
    setup: Setup,
    quick: bool,
    times: usize,
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.split_first() {
        Some((&"list", [])) => {
            scenario::rows().iter().for_each(|row| println!("{}", listed(row)));
            Ok(())
        }
        Some((&"run", rest)) => order(rest).and_then(|order| {
            let run = (offer(&order)?)(&order.setup);
            println!("{}", sampler::measure(&order.row, &order.peer, run, order.n, order.quick));
            Ok(())
        }),
        Some((&"once", rest)) => order(rest).and_then(|order| {
            let mut run = (offer(&order)?)(&order.setup);
            for _ in 0..order.times {
                run(order.n);
            }
            Ok(())
        }),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn offer(order: &Order) -> Result<peer::Make, String> {
    let found = peer::peers().into_iter().find(|peer| peer.name == order.peer);
    let found = found.ok_or_else(|| format!("there is no peer {:?}", order.peer))?;
    if found.name.starts_with("coscope")
        && let Some((variable, value)) = peer::coscope::parallelism(&order.setup)
    {
        return Err(begin_again(variable, &value));
    }
    (found.offer)(order.row.work).ok_or_else(|| format!("{} does not offer {}", order.peer, order.row.id))
}

fn order(words: &[&str]) -> Result<Order, String> {
    let [id, peer, options @ ..] = words else { return Err(USAGE.to_owned()) };
    let row = scenario::rows().into_iter().find(|row| row.id == *id);
    let row = row.ok_or_else(|| format!("there is no row {id:?}"))?;
    let mut order = Order {
        n: row.n,
        setup: Setup { threads: row.threads, work: row.work },
        row,
        peer: (*peer).to_owned(),
        quick: false,
        times: 1,
    };
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let mut number = || {
            let value = options.next().and_then(|value| value.parse().ok());
            value.filter(|value| *value > 0).ok_or_else(|| format!("{option} takes a number"))
        };
        match *option {
            "--n" => order.n = number()?,
            "--threads" => order.setup.threads = number()?,
            "--times" => order.times = number()?,
            "--quick" => order.quick = true,
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(order)
}

/// Becomes the same process with a variable of the environment set; comes back only if it cannot.
fn begin_again(variable: &str, value: &str) -> String {
    let myself = match std::env::current_exe() {
        Ok(myself) => myself,
        Err(error) => return error.to_string(),
    };
    Command::new(myself).args(std::env::args_os().skip(1)).env(variable, value).exec().to_string()
}

/// A row for the one who runs all.
fn listed(row: &Row) -> String {
    let texts = |texts: &[&str]| texts.iter().map(|text| quoted(text)).collect::<Vec<String>>().join(",");
    let able = |peer: &Peer| {
        (peer.offer)(row.work).is_some() && (row.only.is_empty() || row.only.contains(&peer.name))
    };
    let offers = peer::peers().into_iter().filter(able);
    let peers: Vec<String> = offers.map(|peer| quoted(peer.name)).collect();
    let bars: Vec<String> = row.bars.iter().map(|bar| quoted(&bar.to_string())).collect();
    format!(
        "{{\"row\":{},\"about\":{},\"n\":{},\"threads\":{},\"part\":{},\"series\":{},\"bars\":[{}],\
         \"peers\":[{}],\"abroad\":[{}],\"rounds\":{},\"beside\":\"{}\"}}",
        quoted(&row.id),
        quoted(&row.about),
        row.n,
        row.threads,
        quoted(row.part),
        row.series.as_deref().map_or_else(|| "null".to_owned(), quoted),
        bars.join(","),
        peers.join(","),
        texts(row.abroad),
        row.rounds.min(1_000),
        match (row.shows, row.pace) {
            (Shows::Late, _) => "late",
            (_, Pace::Points(_)) => "mean",
            _ => "",
        }
    )
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
