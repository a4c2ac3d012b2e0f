//! [`line`]: a record in a line of text.

use coscope_core::sight::Line;

use crate::record::Record;

/// `"fetch#12" suspended 3.2 s in Mutex::lock at src/db.rs:88, launched at src/main.rs:20`.
pub(crate) fn line(record: &Record) -> Line<'_> {
    Line {
        name: &record.name,
        number: record.id,
        phase: record.state,
        in_state: record.in_state,
        wait: record.wait.map(|wait| (wait.kind, wait.label, wait.at)),
        cancelled: record.cancelled,
        launched_at: record.launched_at,
        dispatcher: record.dispatcher.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Wait, sample};
    use coscope_core::sight::{Phase, WaitKind};
    use std::panic::Location;
    use std::time::Duration;

    #[test]
    fn a_line_says_who_is_where_and_since_when() {
        let here = Location::caller();
        let place = format!("{}:{}", here.file(), here.line());
        let mut record = sample(12, "fetch", Phase::Suspended, Duration::from_millis(3249));
        record.wait = Some(Wait { kind: WaitKind::Lock, at: here, label: None });
        record.launched_at = Some(here);
        let text = format!("\"fetch#12\" suspended 3.2 s in Mutex::lock at {place}, launched at {place}");
        assert_eq!(line(&record).to_string(), text);

        record.wait = Some(Wait { kind: WaitKind::Foreign, at: here, label: Some("db pool") });
        record.cancelled = true;
        record.dispatcher = Some("IO".into());
        let text = format!(
            "\"fetch#12\" suspended 3.2 s in \"db pool\" at {place}, being cancelled, launched at {place}, on IO"
        );
        assert_eq!(line(&record).to_string(), text);
    }

    #[test]
    fn each_state_reads_as_a_sentence() {
        let of = |state| line(&sample(3, "fetch", state, Duration::from_secs(61))).to_string();
        assert_eq!(of(Phase::Suspended), "\"fetch#3\" suspended 1 min 1 s in a foreign future");
        assert_eq!(of(Phase::Joining), "\"fetch#3\" joining 1 min 1 s");
        assert_eq!(of(Phase::Running), "\"fetch#3\" running 1 min 1 s");
        let region =
            Record { id: None, in_state: None, ..sample(0, "with_timeout", Phase::Open, Duration::ZERO) };
        assert_eq!(line(&region).to_string(), "with_timeout open");
    }
}
