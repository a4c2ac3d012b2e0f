//! [`Line`]: a job in a line of text.

use std::fmt;

use coscope_core::sight::Phase;

use crate::record::{Launched, Record, Span};

/// `"fetch#12" suspended 3.2 s in Mutex::lock at src/db.rs:88, launched at src/main.rs:20`.
pub(crate) struct Line<'a>(pub(crate) &'a Record);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.0;
        write!(f, "{} {}", record.label(), record.state)?;
        if let Some(time) = record.in_state {
            write!(f, " {}", Span(time))?;
        }
        match (record.state, record.wait) {
            (Phase::Suspended, Some(wait)) => write!(f, " in {wait}")?,
            (Phase::Suspended, None) => f.write_str(" in a foreign future")?,
            _ => {}
        }
        if record.cancelled {
            f.write_str(", being cancelled")?;
        }
        write!(f, "{}", Launched(record))?;
        match &record.dispatcher {
            Some(dispatcher) => write!(f, ", on {dispatcher}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Wait, sample};
    use coscope_core::sight::WaitKind;
    use std::panic::Location;
    use std::time::Duration;

    #[test]
    fn a_line_says_who_is_where_and_since_when() {
        let here = Location::caller();
        let place = format!("{}:{}", here.file(), here.line());
        let mut record = sample(12, "fetch", Phase::Suspended, Duration::from_millis(3249));
        record.wait = Some(Wait { kind: WaitKind::Lock, at: here, label: None });
        record.launched_at = Some(here);
        let line = format!("\"fetch#12\" suspended 3.2 s in Mutex::lock at {place}, launched at {place}");
        assert_eq!(Line(&record).to_string(), line);

        record.wait = Some(Wait { kind: WaitKind::Foreign, at: here, label: Some("db pool") });
        record.cancelled = true;
        record.dispatcher = Some("IO".to_owned());
        let line = format!(
            "\"fetch#12\" suspended 3.2 s in \"db pool\" at {place}, being cancelled, launched at {place}, on IO"
        );
        assert_eq!(Line(&record).to_string(), line);
    }

    #[test]
    fn each_state_reads_as_a_sentence() {
        let of = |state| Line(&sample(3, "fetch", state, Duration::from_secs(61))).to_string();
        assert_eq!(of(Phase::Suspended), "\"fetch#3\" suspended 1 min 1 s in a foreign future");
        assert_eq!(of(Phase::Joining), "\"fetch#3\" joining 1 min 1 s");
        assert_eq!(of(Phase::Running), "\"fetch#3\" running 1 min 1 s");
        let region =
            Record { id: None, in_state: None, ..sample(0, "with_timeout", Phase::Open, Duration::ZERO) };
        assert_eq!(Line(&region).to_string(), "with_timeout open");
    }
}
