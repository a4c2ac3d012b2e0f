//! Seeing what runs: dumps of the live job tree, who waits for whom, and detectors of what is stuck.
//!
//! The tree is the registry: every coroutine hangs in it with its name, its launch site, and the place where it is
//! suspended. So a dump needs no preparation, and costs nothing before it is taken.
//!
//! ```
//! use coscope::prelude::*;
//! use std::time::Duration;
//!
//! coscope::run_blocking(async |s: Scope| {
//!     let fetch = s.named("fetch").start(Start::Undispatched).launch(delay(Duration::from_secs(60)));
//!     println!("{}", coscope_debug::dump()); // "fetch#2" suspended 0 ms in delay at src/main.rs:5, launched at …
//!     fetch.cancel("seen");
//! });
//! ```
//!
//! | to … | use |
//! |---|---|
//! | see what runs | [`dump()`], [`dump_to`], [`dump_job`]; as JSON: [`dump_json_to`]; on a signal: [`dump_on_sigquit`] |
//! | watch it in a browser | [`serve`](serve()) |
//! | hear of what is stuck, while it runs | [`Watchdog`] |
//! | ask once what looks wrong | [`findings`], [`WatchdogBuilder::check`] |
//! | know who holds what, how long steps take | [`record()`] |
//! | know what a coroutine did of late | [`history`] |
//!
//! ## Layers
//! A module imports only what stands above it in this list.
//! 1. `record` · `activity` · `graph` · `limits` · `finding`
//! 2. `waits` · `line` · `path`
//! 3. `smell` · `deadlock` · `long_wait` · `long_child`
//! 4. `examine`
//! 5. `store`
//! 6. `survey`
//! 7. `dump`
//! 8. `signal` · `watchdog`
//! 9. `serve`
#![forbid(unsafe_code)]

mod record;
mod activity;
mod graph;
mod limits;
mod finding;
mod waits;
mod line;
mod path;
mod smell;
mod deadlock;
mod long_wait;
mod long_child;
mod examine;
mod store;
mod survey;
mod dump;
mod signal;
mod watchdog;
mod serve;

/// Its chapters of the guide: their programs are tests.
#[cfg(doctest)]
mod documentation {
    #[doc = include_str!("../../../guide/seeing.md")]
    struct Seeing;
    #[doc = include_str!("../../../guide/live-page.md")]
    struct LivePage;
}

pub use dump::{dump, dump_job, dump_job_json_to, dump_job_to, dump_json_to, dump_to, findings};
pub use finding::{Finding, FindingKind};
pub use serve::{ServeError, Server, ServerBuilder, Source, serve};
pub use signal::{SigquitGuard, dump_on_sigquit};
pub use store::{Event, EventKind, Recording, history, record};
pub use watchdog::{Watchdog, WatchdogBuilder};
