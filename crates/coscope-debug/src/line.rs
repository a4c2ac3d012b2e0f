//! [`Line`]: a job in a line of text.

use std::fmt;

use crate::record::{Launched, Record, Span, State};

/// `"fetch#12" suspended 3.2 s in Mutex::lock at src/db.rs:88, launched at src/main.rs:20`.
pub(crate) struct Line<'a>(pub(crate) &'a Record);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.0;
        write!(f, "{} {}", record.label(), record.state.word())?;
        if record.in_state.as_millis() > 0 {
            write!(f, " {}", Span(record.in_state))?;
        }
        match (record.state, record.wait) {
            (State::Suspended, Some(wait)) => write!(f, " in {wait}")?,
            (State::Suspended, None) => f.write_str(" in foreign code")?,
            (State::Waiting, _) => f.write_str(" for its children")?,
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
    use std::panic::Location;
    use std::time::Duration;

    #[test]
    fn a_line_says_who_is_where_and_since_when() {
        let here = Location::caller();
        let place = format!("{}:{}", here.file(), here.line());
        let mut record = sample(12, "fetch", State::Suspended, Duration::from_millis(3249));
        record.wait = Some(Wait { kind: "Mutex::lock", at: here, label: None });
        record.launched_at = Some(here);
        let line = format!("\"fetch#12\" suspended 3.2 s in Mutex::lock at {place}, launched at {place}");
        assert_eq!(Line(&record).to_string(), line);

        record.wait = Some(Wait { kind: "foreign", at: here, label: Some("db pool") });
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
        assert_eq!(of(State::Suspended), "\"fetch#3\" suspended 1 min 1 s in foreign code");
        assert_eq!(of(State::Waiting), "\"fetch#3\" waiting 1 min 1 s for its children");
        assert_eq!(of(State::Running), "\"fetch#3\" running 1 min 1 s");
        let mut region = sample(0, "scope", State::Active, Duration::ZERO);
        (region.kind, region.id, region.name) = ("scope", None, None);
        assert_eq!(Line(&region).to_string(), "scope active");
    }
}
