//! [`Watched`]: a step of a test that lasts is told of while it lasts, by a thread that all tests share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use coscope_core::Job;
use coscope_core::primitive::{AtomicU64, Ordering};
use coscope_core::sight::{Phase, Walk};
use coscope_core::time::Instant;

/// A test's loop, as the watching thread sees it.
pub(crate) struct Watched {
    /// How many steps have begun and ended: odd in a step.
    steps: AtomicU64,
    limit: Duration,
    root: Mutex<Option<Job>>,
    tell: Box<dyn Fn(&str) + Send + Sync>,
}

impl Watched {
    /// One whose steps may last for `limit`; `tell` is called, on the watching thread, of those that last longer.
    pub(crate) fn new(limit: Duration, tell: impl Fn(&str) + Send + Sync + 'static) -> Arc<Self> {
        let steps = AtomicU64::new(0);
        let watched = Arc::new(Watched { steps, limit, root: Mutex::new(None), tell: Box::new(tell) });
        Watch::add(&watched);
        watched
    }

    /// What is named is below `root`.
    pub(crate) fn set_root(&self, root: Job) {
        *self.root.lock().unwrap_or_else(PoisonError::into_inner) = Some(root);
    }

    /// Runs a step of the test.
    pub(crate) fn watch<R>(&self, step: impl FnOnce() -> R) -> R {
        let steps = self.steps.load(Ordering::Relaxed); // this thread alone writes
        self.steps.store(steps + 1, Ordering::Relaxed);
        let result = step();
        self.steps.store(steps + 2, Ordering::Relaxed);
        result
    }

    fn complain(&self) {
        let root = self.root.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.tell)(&format!(
            "coscope-test: a step has lasted for more than {:?}, and goes on. Code that blocks belongs on \
             `Dispatchers::io()`; a test that means it says so with `Test::step_limit`. Running now:\n{}",
            self.limit,
            root.map_or(String::new(), |root| running(&root)),
        ));
    }
}

/// The coroutines below `root` that are in a step, a line each.
fn running(root: &Job) -> String {
    let sights = Walk::new(root.clone()).map(|walked| walked.job.sight());
    sights.filter(|sight| sight.phase == Phase::Running).map(|sight| format!("  {sight}\n")).collect()
}

/// What the watching thread knows of a loop.
struct Seen {
    watched: Weak<Watched>,
    steps: u64,
    since: Instant,
    told: bool,
}

#[derive(Default)]
struct Watch {
    loops: Vec<Seen>,
    thread_runs: bool,
}

static CHANGED: Condvar = Condvar::new();

impl Watch {
    fn lock() -> MutexGuard<'static, Watch> {
        static WATCH: Mutex<Watch> = Mutex::new(Watch { loops: Vec::new(), thread_runs: false });
        WATCH.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(watched: &Arc<Watched>) {
        let mut watch = Watch::lock();
        let watched = Arc::downgrade(watched);
        watch.loops.push(Seen { watched, steps: 0, since: Instant::system_now(), told: false });
        if !watch.thread_runs {
            // without it, tests run all the same
            #[allow(clippy::disallowed_methods)] // the loop that it watches is stuck when it is needed
            let thread = thread::Builder::new().name("coscope-test-watch".to_owned()).spawn(Watch::run);
            watch.thread_runs = thread.is_ok();
        }
        CHANGED.notify_one();
    }

    /// Looks a few times in each limit. Sleeps while no test runs.
    fn run() {
        let mut watch = Watch::lock();
        loop {
            watch.loops.retain(|seen| seen.watched.strong_count() > 0);
            let watched: Vec<Arc<Watched>> =
                watch.loops.iter().filter_map(|seen| seen.watched.upgrade()).collect();
            let Some(least) = watched.iter().map(|watched| watched.limit).min() else {
                watch = CHANGED.wait(watch).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let late: Vec<Arc<Watched>> = watch.loops.iter_mut().filter_map(Seen::is_late).collect();
            drop(watch);
            late.iter().for_each(|watched| watched.complain());
            drop((watched, late));
            watch = Watch::lock();
            let rest = (least / 4).max(Duration::from_millis(1));
            (watch, _) = CHANGED.wait_timeout(watch, rest).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Seen {
    /// The loop, if it has been in one step for too long, and that has not been told.
    fn is_late(&mut self) -> Option<Arc<Watched>> {
        let watched = self.watched.upgrade()?;
        let (steps, now) = (watched.steps.load(Ordering::Relaxed), Instant::system_now());
        if steps != self.steps {
            (self.steps, self.since, self.told) = (steps, now, false);
        }
        let is_late = steps % 2 == 1 && now - self.since >= watched.limit && !self.told;
        self.told |= is_late;
        is_late.then_some(watched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_step_that_lasts_is_told_of_once_while_it_lasts() {
        let (tell, told) = mpsc::channel();
        let watched = Watched::new(Duration::from_millis(10), move |text| drop(tell.send(text.to_owned())));
        let text = watched.watch(|| told.recv().unwrap());
        assert!(
            text.starts_with("coscope-test: a step has lasted for more than 10ms, and goes on."),
            "{text}"
        );
        watched.watch(|| {});
        watched.watch(|| told.recv().unwrap()); // another step is another story
        drop(watched);
        assert!(told.recv().is_err(), "each was told once");
    }

    #[test]
    fn those_in_a_step_are_named() {
        coscope_scheduler::install();
        crate::run_test(async |s: coscope_core::Scope| {
            let root = coscope_core::current_job();
            s.named("idle").launch(std::future::pending());
            let text = s.named("busy").spawn(async move { running(&root) }).await;
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines.len() == 1 && lines[0].starts_with("  \"busy#"), "{text}");
            coscope_core::current_job().cancel_children("seen");
        });
    }
}
