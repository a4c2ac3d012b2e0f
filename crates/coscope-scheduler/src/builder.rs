//! [`Builder`]: how large a pool is, and how long its threads wait. Imports nothing of this crate.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::state::MOST_PERMITS;

/// Starts a thread with a name.
pub(crate) type Spawn = dyn Fn(String, Box<dyn FnOnce() + Send>) -> io::Result<thread::Thread> + Send + Sync;

/// The measures of a pool. The process's own takes the defaults.
///
/// ```
/// use coscope::{Scope, run_blocking};
/// use coscope_scheduler::Builder;
///
/// let pool = Builder::new().parallelism(2).name("mine").build();
/// let label = run_blocking(async |s: Scope| s.on(pool.cpu()).spawn(async { coscope::current_label() }).await);
/// assert!(label.starts_with("mine-"));
/// ```
#[derive(Clone)]
pub struct Builder {
    pub(crate) permits: usize,
    pub(crate) io_limit: usize,
    pub(crate) keep_alive: Duration,
    pub(crate) name: String,
    pub(crate) spawn: Arc<Spawn>,
}

impl Default for Builder {
    /// As many CPU permits as cores, at least 2 (or `COSCOPE_DEFAULT_PARALLELISM`); 64 IO permits, or
    /// as many as cores (or `COSCOPE_IO_PARALLELISM`); threads kept for 60 s.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Builder {
            permits: parallelism("COSCOPE_DEFAULT_PARALLELISM", cores.max(2)).min(MOST_PERMITS),
            io_limit: parallelism("COSCOPE_IO_PARALLELISM", cores.max(64)),
            keep_alive: Duration::from_secs(60),
            name: "DefaultDispatcher-worker".to_owned(),
            spawn: Arc::new(spawn_thread),
        }
    }
}

impl Builder {
    /// The defaults.
    ///
    /// ```
    /// assert!(coscope_scheduler::Builder::new().build().metrics().cpu_permits >= 1);
    /// ```
    pub fn new() -> Self {
        Builder::default()
    }

    /// How many CPU steps run at once.
    ///
    /// At least 1.
    ///
    /// ```
    /// let pool = coscope_scheduler::Builder::new().parallelism(3).build();
    /// assert_eq!(pool.metrics().cpu_permits, 3);
    /// ```
    pub fn parallelism(mut self, permits: usize) -> Self {
        self.permits = permits.clamp(1, MOST_PERMITS);
        self
    }

    /// How many steps of IO run at once.
    ///
    /// At least 1.
    ///
    /// ```
    /// use coscope::{Scope, run_blocking};
    ///
    /// let pool = coscope_scheduler::Builder::new().io_parallelism(8).build();
    /// assert_eq!(run_blocking(async |s: Scope| s.on(pool.io()).spawn(async { 42 }).await), 42);
    /// ```
    pub fn io_parallelism(mut self, limit: usize) -> Self {
        self.io_limit = limit.max(1);
        self
    }

    /// How long a thread waits for work before it ends.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let pool = coscope_scheduler::Builder::new().keep_alive(Duration::from_secs(5)).build();
    /// assert_eq!(pool.metrics().threads, 0); // none before there is work
    /// ```
    pub fn keep_alive(mut self, time: Duration) -> Self {
        self.keep_alive = time;
        self
    }

    /// How threads are named: the name, a hyphen, a number from 1.
    ///
    /// ```
    /// use coscope::{Scope, run_blocking};
    ///
    /// let pool = coscope_scheduler::Builder::new().name("reader").build();
    /// let label = run_blocking(async |s: Scope| s.on(pool.cpu()).spawn(async { coscope::current_label() }).await);
    /// assert!(label.starts_with("reader-1 @"));
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Asked before each thread is started; an error stands for the operating system's refusal.
    ///
    /// ```
    /// use coscope::{Scope, run_blocking};
    ///
    /// let (tx, rx) = std::sync::mpsc::channel();
    /// let tell = move |name: &str| { _ = tx.send(name.to_owned()); Ok(()) };
    /// let pool = coscope_scheduler::Builder::new().name("mine").before_spawn(tell).build();
    /// run_blocking(async |s: Scope| s.on(pool.cpu()).launch(async {}).join().await);
    /// assert!(rx.try_iter().any(|name| name.starts_with("mine-")));
    /// ```
    pub fn before_spawn(mut self, ask: impl Fn(&str) -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.spawn = Arc::new(move |name, body| {
            ask(&name)?;
            spawn_thread(name, body)
        });
        self
    }
}

#[allow(clippy::disallowed_methods)] // the crate that has threads
fn spawn_thread(name: String, body: Box<dyn FnOnce() + Send>) -> io::Result<thread::Thread> {
    thread::Builder::new().name(name).spawn(body).map(|handle| handle.thread().clone())
}

fn parallelism(variable: &str, default: usize) -> usize {
    let Ok(text) = std::env::var(variable) else { return default };
    match text.parse() {
        Ok(number) if number > 0 => number,
        _ => {
            eprintln!("coscope: {variable}={text:?} is not a number of threads; {default} it is");
            default
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("permits", &self.permits)
            .field("io_limit", &self.io_limit)
            .field("keep_alive", &self.keep_alive)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
