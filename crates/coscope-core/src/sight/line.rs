//! [`Line`]: a job in a line of text, wherever jobs are shown. [`Span`], [`At`]: a time and a place in it.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::{Phase, WaitKind};

/// A place in the source.
type Place = &'static Location<'static>;

/// `"fetch#12" suspended 3.2 s in Mutex::lock at src/db.rs:88, launched at src/main.rs:20, on Default`.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub name: &'a str,
    /// That of a coroutine; others have none.
    pub number: Option<u64>,
    pub phase: Phase,
    pub in_state: Option<Duration>,
    /// What a wait is, what a foreign one was called, and where.
    pub wait: Option<(WaitKind, Option<&'static str>, Place)>,
    pub cancelled: bool,
    pub launched_at: Option<Place>,
    pub dispatcher: Option<&'a str>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "\"{}#{number}\" {}", self.name, self.phase)?,
            None => write!(f, "{} {}", self.name, self.phase)?,
        }
        if let Some(time) = self.in_state {
            write!(f, " {}", Span(time))?;
        }
        match (self.phase, self.wait) {
            (Phase::Suspended, Some((_, Some(label), at))) => write!(f, " in \"{label}\" at {}", At(at))?,
            (Phase::Suspended, Some((kind, None, at))) => write!(f, " in {kind} at {}", At(at))?,
            (Phase::Suspended, None) => f.write_str(" in a foreign future")?,
            _ => {}
        }
        if self.cancelled && self.phase != Phase::Completed {
            f.write_str(", being cancelled")?;
        }
        if let Some(at) = self.launched_at {
            let verb = if self.number.is_some() { "launched" } else { "opened" };
            write!(f, ", {verb} at {}", At(at))?;
        }
        self.dispatcher.map_or(Ok(()), |dispatcher| write!(f, ", on {dispatcher}"))
    }
}

/// A length of time for people: `3.2 s`.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Span(pub Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0.as_secs(), self.0.subsec_millis());
        match seconds {
            0 => write!(f, "{millis} ms"),
            1..60 => write!(f, "{seconds}.{} s", millis / 100),
            60..3600 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            _ => write!(f, "{} h {} min", seconds / 3600, seconds / 60 % 60),
        }
    }
}

/// A place as `file:line`.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct At(pub Place);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.file(), self.0.line())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_short_and_never_too_long() {
        let text = |millis| Span(Duration::from_millis(millis)).to_string();
        assert_eq!(text(0), "0 ms");
        assert_eq!(text(999), "999 ms");
        assert_eq!(text(1000), "1.0 s");
        assert_eq!(text(59_999), "59.9 s");
        assert_eq!(text(60_000), "1 min 0 s");
        assert_eq!(text(3_599_999), "59 min 59 s");
        assert_eq!(text(7_380_000), "2 h 3 min");
    }

    #[test]
    fn what_is_over_is_not_being_cancelled() {
        let line = Line {
            name: "fetch",
            number: Some(3),
            phase: Phase::Joining,
            in_state: None,
            wait: None,
            cancelled: true,
            launched_at: None,
            dispatcher: Some("IO"),
        };
        assert_eq!(line.to_string(), "\"fetch#3\" joining, being cancelled, on IO");
        assert_eq!(Line { phase: Phase::Completed, ..line }.to_string(), "\"fetch#3\" completed, on IO");
    }
}
