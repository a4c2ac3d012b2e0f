//! Looking at coroutines from outside: what each does, where it waits, since when, and what hangs below it.
//!
//! The job tree is the registry: what runs hangs below [`root`], and nothing is written down twice. A look stops
//! nobody: it reads what coroutines leave behind when they suspend ([`Job::sight`](crate::Job::sight)), and takes a
//! job's children a few at a time ([`Job::children_after`](crate::Job::children_after)), each after its parent.
//!
//! ```
//! # use coscope::{prelude::*, sight::{self, ChildCursor}};
//! /// A line for each job below `job`.
//! fn show(job: &Job, depth: usize, lines: &mut Vec<String>) {
//!     lines.push(format!("{:1$}{2}", "", 2 * depth, job.sight()));
//!     let mut cursor = ChildCursor::new();
//!     loop {
//!         let few = job.children_after(&mut cursor, 64);
//!         if few.is_empty() {
//!             break;
//!         }
//!         few.iter().for_each(|child| show(child, depth + 1, lines));
//!     }
//! }
//!
//! run_blocking(async |s: Scope| {
//!     let fetch = s.named("fetch").launch(delay(std::time::Duration::from_secs(60)));
//!     yield_now().await;
//!     let mut lines = Vec::new();
//!     show(&sight::root(), 0, &mut lines);
//!     assert!(lines.iter().any(|line| line.contains("suspended") && line.contains("in delay at")));
//!     fetch.cancel("seen");
//! });
//! ```
//!
//! * [`job_kind`] – [`JobKind`], what a job is. [`phase`] – [`Phase`], how far it has come.
//! * [`line`] – [`Line`], a job as text. [`name`] – names of dispatchers, each once.
//! * [`look`] – [`Sight`], all of it. [`named`] – [`Named`], a name for a foreign future.
//!
//! May import everything above it.

mod job_kind;
mod line;
mod look;
mod name;
mod named;
mod phase;
mod walk;

pub use crate::job::ChildCursor;
pub use crate::mark::{Wait, WaitKind};
pub use job_kind::JobKind;
#[doc(hidden)]
pub use line::{At, Line, Span};
pub use look::{Sight, root};
pub use named::{Foreign, Named};
pub use phase::Phase;
pub use walk::{Walk, Walked, tree};
