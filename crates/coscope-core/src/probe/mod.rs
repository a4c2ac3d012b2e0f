//! What happens to coroutines, told to whoever wants to hear it.
//!
//! A [`Probe`] hears of launches, steps, wakes, ends, and of those who wait for each other. Any number may
//! listen at once; where none does, a place that has something to tell costs one relaxed load at most.
//!
//! * [`event`] – what is told.
//! * [`interface`] – [`Probe`], who is told.
//! * [`audience`] – [`install`], [`Guard`], and the way from a place in the runtime to all who listen.
//! * [`counts`] – [`Counts`], a probe that counts.
//!
//! ```
//! use coscope::prelude::*;
//! use coscope::probe::{self, Launched, Outcome, Probe};
//! use std::sync::{Arc, Mutex};
//!
//! #[derive(Default)]
//! struct Diary(Mutex<Vec<String>>);
//!
//! impl Probe for Diary {
//!     fn launched(&self, launched: &Launched<'_>) {
//!         self.0.lock().unwrap().push(format!("{} launched", launched.info.name()));
//!     }
//!     fn completed(&self, _coroutine: u64, outcome: Outcome) {
//!         self.0.lock().unwrap().push(format!("{outcome:?}"));
//!     }
//! }
//!
//! let diary = Arc::new(Diary::default());
//! let listening = probe::install(diary.clone());
//! run_blocking(async |s: Scope| {
//!     s.named("fetch").launch(async {});
//! });
//! drop(listening);
//! let diary = diary.0.lock().unwrap();
//! assert!(diary.contains(&"fetch launched".to_owned()));
//! assert_eq!(diary.last().unwrap(), "Value"); // of what `run_blocking` runs
//! ```

mod audience;
mod event;
mod interface;
mod counts;

#[doc(hidden)]
pub use audience::is_listening;
pub use audience::{Guard, install};
pub(crate) use audience::{is_telling, tell};
pub use counts::{CoroutineMetrics, Counts};
pub use event::{Blocked, Launched, Outcome, Resource, StepEnd};
pub use interface::Probe;
