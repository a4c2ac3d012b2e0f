//! [`Program`]: this very program as a source.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use coscope_core::probe::StepEnd;

use super::source::Source;
use crate::dump::{OrNull, Quoted, dump_json_to};
use crate::store::{Event, EventKind, Recording, history, record};

/// What runs here. Records for as long as it is there.
pub(super) struct Program {
    _recording: Recording,
}

impl Program {
    pub(super) fn new() -> Self {
        Program { _recording: record() }
    }
}

impl Source for Program {
    fn dump_json(&self, mut out: &mut dyn Write) -> io::Result<()> {
        dump_json_to(&mut out)
    }

    fn history_json(&self, id: u64, out: &mut dyn Write) -> io::Result<bool> {
        let events = history(id);
        if events.is_empty() {
            return Ok(false);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        write!(out, r#"{{"id":{id},"events":["#)?;
        for (at, event) in events.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let at_ms = now.saturating_sub(event.ago()).as_millis();
            let what = Quoted(word(event));
            write!(
                out,
                r#"{comma}{{"at_ms":{at_ms},"what":{what},"detail":{}}}"#,
                OrNull(detail(event).map(Quoted))
            )?;
        }
        out.write_all(b"]}")?;
        Ok(true)
    }
}

fn word(event: &Event) -> &'static str {
    match event.kind() {
        EventKind::Launched => "launched",
        EventKind::Woken => "woken",
        EventKind::StepStarted => "step",
        EventKind::StepEnded(StepEnd::Suspended) => "suspended",
        EventKind::StepEnded(StepEnd::Yielded) => "yielded",
        EventKind::StepEnded(_) => "ended",
        EventKind::Blocked(..) => "blocked",
        EventKind::Granted(_) => "granted",
        EventKind::Left(_) => "left",
        EventKind::Cancelled => "cancelled",
    }
}

/// What there is to say beyond the word.
fn detail(event: &Event) -> Option<String> {
    match event.kind() {
        EventKind::Blocked(on, at) => Some(format!("{on} at {}:{}", at.file(), at.line())),
        EventKind::Granted(on) | EventKind::Left(on) => Some(on.to_string()),
        EventKind::StepEnded(StepEnd::Cut) => Some("dropped, after a cancel".to_owned()),
        _ => None,
    }
}
