//! [`TracingProbe`]: coroutines as spans. Imports `spans`, `entered`.

use coscope_core::primitive::{AtomicUsize, Ordering};

use coscope_core::probe::{Launched, Outcome, Probe, StepEnd};
use tracing::dispatcher::with_default;
use tracing::field::{Empty, display};
use tracing::span::Id;
use tracing::{Level, Span, span};

use crate::entered;
use crate::spans::Spans;

/// Opens a span for every coroutine that is launched while it listens.
///
/// The span is called `coroutine`, of the target `coscope`, below that of the coroutine's parent. It is opened at the
/// launch, entered for each step, on whatever thread that runs, and closed when the coroutine has completed. Its
/// fields:
///
/// | field | what |
/// |---|---|
/// | `name` | the coroutine's name, `"coroutine"` if it has none |
/// | `id` | its number, as [`Job::id`](coscope_core::Job::id) |
/// | `parent` | the number of its parent, where it has one |
/// | `launched_at` | where it was launched: `src/main.rs:20` |
/// | `outcome` | at its end: `value`, `failed`, `panicked` or `cancelled` |
///
/// A span belongs to the subscriber of its parent's, on whatever thread it is opened; the first of a tree, to that of the
/// thread that launches. Coroutines that were there before have none, and those that they launch begin a tree of their own.
///
/// ```
/// use coscope::{prelude::*, probe};
/// use coscope_tracing::TracingProbe;
/// use tracing::Level;
///
/// // as fine as the events of the finest level: for whoever wants to see all
/// let tracing = probe::install(TracingProbe::new().level(Level::TRACE));
/// run_blocking(async |s: Scope| {
///     s.named("fetch").launch(async { tracing::trace!("begun") });
/// });
/// drop(tracing); // outside of coroutines, since a step under way on another thread would stay entered
/// ```
#[derive(Debug)]
pub struct TracingProbe {
    number: usize,
    level: Level,
    spans: Spans,
}

impl TracingProbe {
    /// With spans of the level `INFO`.
    ///
    /// ```
    /// let _tracing = coscope::probe::install(coscope_tracing::TracingProbe::new());
    /// ```
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        TracingProbe { number, level: Level::INFO, spans: Spans::default() }
    }

    /// With spans of another level.
    ///
    /// ```
    /// # use coscope_tracing::TracingProbe;
    /// let _tracing = coscope::probe::install(TracingProbe::new().level(tracing::Level::DEBUG));
    /// ```
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}

impl Default for TracingProbe {
    fn default() -> Self {
        TracingProbe::new()
    }
}

impl Probe for TracingProbe {
    fn launched(&self, launched: &Launched<'_>) {
        let info = launched.info;
        let site = info.launched_at();
        /// The level belongs to a place in the program, so that there is one for each.
        macro_rules! open {
            ($level:ident, $parent:expr) => {
                span!(
                    target: "coscope",
                    parent: $parent,
                    Level::$level,
                    "coroutine",
                    name = info.name(),
                    id = info.id(),
                    parent = launched.parent,
                    launched_at = display(format_args!("{}:{}", site.file(), site.line())),
                    outcome = Empty,
                )
            };
        }
        let open = |above: Option<Id>| match self.level {
            Level::ERROR => open!(ERROR, above),
            Level::WARN => open!(WARN, above),
            Level::INFO => open!(INFO, above),
            Level::DEBUG => open!(DEBUG, above),
            Level::TRACE => open!(TRACE, above),
        };
        let above = launched.parent.and_then(|parent| self.spans.get(parent));
        // the number of a span means something to its own subscriber only, which need not be this thread's
        let below =
            |span: &Span| span.with_subscriber(|(id, to)| with_default(to, || open(Some(id.clone()))));
        let span = above.and_then(|span| below(&span)).unwrap_or_else(|| open(None));
        if !span.is_disabled() {
            self.spans.put(info.id(), span);
        }
    }

    fn step_started(&self, coroutine: u64) {
        if let Some(span) = self.spans.get(coroutine) {
            entered::enter(self.number, coroutine, span);
        }
    }

    fn step_ended(&self, coroutine: u64, _end: StepEnd) {
        entered::exit(self.number, coroutine);
    }

    fn completed(&self, coroutine: u64, outcome: Outcome) {
        if let Some(span) = self.spans.take(coroutine) {
            span.record("outcome", display(outcome));
        }
    }
}

impl Drop for TracingProbe {
    fn drop(&mut self) {
        entered::exit_all(self.number);
    }
}
