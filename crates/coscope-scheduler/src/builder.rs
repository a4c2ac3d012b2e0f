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
    pub fn new() -> Self {
        Builder::default()
    }

    /// How many CPU steps run at once.
    pub fn parallelism(mut self, permits: usize) -> Self {
        self.permits = permits.clamp(1, MOST_PERMITS);
        self
    }

    /// How many steps of IO run at once.
    pub fn io_parallelism(mut self, limit: usize) -> Self {
        self.io_limit = limit.max(1);
        self
    }

    /// How long a thread waits for work before it ends.
    pub fn keep_alive(mut self, time: Duration) -> Self {
        self.keep_alive = time;
        self
    }

    /// How threads are named: the name, a hyphen, a number from 1.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Asked before each thread is started; an error stands for the operating system's refusal.
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
