//! [`Watchdog`]: looks for what is stuck, again and again, and says each thing once.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use coscope_core::time::Instant;
use coscope_core::unwind;

use crate::finding::{Finding, FindingKind};
use crate::limits::Limits;
use crate::store::{Recording, record};
use crate::survey;

/// A thread that looks at the job tree again and again, and tells of what is stuck. Dropped, it ends.
///
/// Each thing is told once, for as long as it lasts. Deadlocks are always looked for, the rest from the limits on that
/// the [builder](Watchdog::builder) is given. The thread depends on no pool, so it sees that one is stuck; it spends at
/// most a twentieth of its time on looking, however many coroutines there are.
///
/// ```
/// use coscope_debug::{FindingKind, Watchdog};
/// use std::{sync::mpsc, time::Duration};
///
/// let (told, heard) = mpsc::channel();
/// let _watchdog = Watchdog::builder()
///     .step_limit(Duration::from_millis(20))
///     .on_finding(move |finding| drop(told.send(finding.kind())))
///     .start()?;
/// let finding = coscope::run_blocking(async move |_: coscope::Scope| heard.recv()); // blocks the thread, in a coroutine
/// assert_eq!(finding, Ok(FindingKind::LongStep));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Watchdog {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// `true` once it was stopped; `false` when the time is over.
    fn wait(&self, time: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stopped, time, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

type OnFinding = Box<dyn FnMut(&Finding) + Send>;

/// What a [`Watchdog`] is to look for. Made by [`Watchdog::builder`].
#[must_use = "it does nothing before `start`"]
pub struct WatchdogBuilder {
    limits: Limits,
    every: Duration,
    on_finding: OnFinding,
}

impl Watchdog {
    /// A watchdog that looks for deadlocks every second, and prints what it finds to stderr.
    ///
    /// ```
    /// use coscope_debug::Watchdog;
    /// let watchdog = Watchdog::builder().start()?;
    /// drop(watchdog);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder() -> WatchdogBuilder {
        WatchdogBuilder {
            limits: Limits::OFF,
            every: Duration::from_secs(1),
            on_finding: Box::new(|finding| eprintln!("coscope: {finding}")),
        }
    }
}

impl WatchdogBuilder {
    /// A step that takes longer is reported while it still runs, with name, launch site and thread.
    /// Off by default.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// # use std::time::Duration;
    /// let _ = Watchdog::builder().step_limit(Duration::from_millis(100));
    /// ```
    pub fn step_limit(mut self, limit: Duration) -> Self {
        self.limits.step = Some(limit);
        self
    }

    /// A coroutine that was woken so long ago and has not been polled since is reported. Off by default.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// # use std::time::Duration;
    /// let _ = Watchdog::builder().poll_limit(Duration::from_secs(1));
    /// ```
    pub fn poll_limit(mut self, limit: Duration) -> Self {
        self.limits.poll = Some(limit);
        self
    }

    /// A coroutine that nobody has woken for so long, suspended in a future that is not coscope's, is reported. Off by
    /// default: a server may wait for a connection for days.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// # use std::time::Duration;
    /// let _ = Watchdog::builder().wake_limit(Duration::from_secs(60));
    /// ```
    pub fn wake_limit(mut self, limit: Duration) -> Self {
        self.limits.wake = Some(limit);
        self
    }

    /// A wait that takes longer is reported, if it is for a lock or permits that others have, or for room in a channel.
    /// Off by default.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// # use std::time::Duration;
    /// let _ = Watchdog::builder().wait_limit(Duration::from_secs(10));
    /// ```
    pub fn wait_limit(mut self, limit: Duration) -> Self {
        self.limits.wait = Some(limit);
        self
    }

    /// A scope whose body is over and that waits longer for its children is reported, with the children. Off by
    /// default.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// # use std::time::Duration;
    /// let _ = Watchdog::builder().child_limit(Duration::from_secs(30));
    /// ```
    pub fn child_limit(mut self, limit: Duration) -> Self {
        self.limits.child = Some(limit);
        self
    }

    /// A coroutine that was `detached`, so that no scope waits for it, and is suspended for longer in one wait, is reported.
    /// Off by default.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// # use std::time::Duration;
    /// let _ = Watchdog::builder().detached_limit(Duration::from_secs(600));
    /// ```
    pub fn detached_limit(mut self, limit: Duration) -> Self {
        self.limits.detached = Some(limit);
        self
    }

    /// How long to rest between two looks, at most: a quarter of the least limit is enough. A second by default.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// # use std::time::Duration;
    /// let _ = Watchdog::builder().every(Duration::from_secs(10));
    /// ```
    pub fn every(mut self, rest: Duration) -> Self {
        self.every = rest;
        self
    }

    /// Calls `f` with each finding, on the watchdog's thread, instead of printing it. A panic in it is reported and goes
    /// no further.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// let _ = Watchdog::builder().on_finding(|finding| eprintln!("{} jobs: {finding}", finding.jobs().len()));
    /// ```
    pub fn on_finding(mut self, f: impl FnMut(&Finding) + Send + 'static) -> Self {
        self.on_finding = Box::new(f);
        self
    }

    /// Looks once, here and now, and gives what it finds; nobody else is told.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// assert!(Watchdog::builder().check().is_empty());
    /// ```
    pub fn check(&self) -> Vec<Finding> {
        survey::findings(self.limits)
    }

    /// Starts it, and the [recording](crate::record) that it needs.
    ///
    /// ```
    /// # use coscope_debug::Watchdog;
    /// let _watchdog: Watchdog = Watchdog::builder().start()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(self) -> io::Result<Watchdog> {
        let stop = Arc::new(Stop::default());
        let recording = record();
        let round =
            Round { stop: stop.clone(), builder: self, lasting: HashSet::new(), _recording: recording };
        #[allow(clippy::disallowed_methods)] // it must not depend on a pool that is stuck
        let thread = thread::Builder::new().name("coscope-watchdog".to_owned()).spawn(|| round.run())?;
        Ok(Watchdog { stop, thread: Some(thread) })
    }

    fn rest(&self, look_took: Duration) -> Duration {
        let Limits { step, poll, wake, wait, child, detached } = self.limits;
        let least = [step, poll, wake, wait, child, detached].into_iter().flatten().min();
        let rest = least.map_or(self.every, |least| self.every.min(least / 4));
        rest.max(Duration::from_millis(1)).max(look_took * 19)
    }
}

struct Round {
    stop: Arc<Stop>,
    builder: WatchdogBuilder,
    /// What has been told and is not over.
    lasting: HashSet<(FindingKind, Vec<u64>)>,
    _recording: Recording,
}

impl Round {
    fn run(mut self) {
        let mut rest = self.builder.rest(Duration::ZERO);
        while !self.stop.wait(rest) {
            let begin = Instant::system_now();
            let findings = self.builder.check();
            rest = self.builder.rest(Instant::system_now() - begin);
            self.tell(findings);
        }
    }

    fn tell(&mut self, findings: Vec<Finding>) {
        let mut lasting = HashSet::new();
        for finding in findings {
            let what = (finding.kind, finding.jobs.clone());
            if !self.lasting.contains(&what) {
                unwind::contain("on_finding of a watchdog", || (self.builder.on_finding)(&finding));
            }
            lasting.insert(what);
        }
        self.lasting = lasting;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self.stop.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.changed.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            let _its_panic_was_reported = thread.join();
        }
    }
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watchdog")
    }
}

impl fmt::Debug for WatchdogBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchdogBuilder").field("limits", &self.limits).finish_non_exhaustive()
    }
}
