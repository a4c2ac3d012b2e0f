//! [`Idle`]: which thread wakes, and when a thread may sleep. The protocol and its proof: `idle.md`.
//!
//! Knows neither queues nor steps. Imports `state`, `park`.

use std::sync::Arc;

use coscope_core::primitive::{AtomicU64, AtomicUsize, Mutex, Ordering, fence};

use crate::park::{Signal, Sleeper};
use crate::state::State;

/// So many parked threads are woken for blocking steps at once; who arrives sends for the next, and
/// steps that end soon need no more.
const WAKING: usize = 4;
/// So many are started at once, which takes far longer.
const STARTING: usize = 64;

/// What has become of a wish to have somebody woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a thread that is to be started must be started"]
pub enum Notified {
    /// Nobody need wake: somebody searches, or all permits are taken.
    Needless,
    /// A parked thread has been signalled.
    Woken,
    /// There is none: a thread must be started, which counts already (and as searching, for CPU work).
    Start,
}

/// The parked threads, last in first out, and the word that counts all.
#[derive(Debug)]
pub struct Idle {
    /// The word.
    pub state: State,
    permits: usize,
    parked: Mutex<Vec<Arc<Sleeper>>>,
    arriving: AtomicUsize,
    wakes: AtomicU64,
}

impl Idle {
    /// For a pool of so many CPU permits.
    pub fn new(permits: usize) -> Self {
        Idle {
            state: State::new(permits),
            permits,
            parked: Mutex::new(Vec::new()),
            arriving: AtomicUsize::new(0),
            wakes: AtomicU64::new(0),
        }
    }

    /// CPU permits, free or not.
    pub fn permits(&self) -> usize {
        self.permits
    }

    /// How many threads are parked.
    pub fn parked(&self) -> usize {
        self.parked.lock().len()
    }

    /// How often a parked thread has been signalled.
    pub fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::Relaxed)
    }

    /// CPU work has been queued: sees to it that somebody comes.
    #[inline]
    pub fn notify_cpu(&self) -> Notified {
        fence(Ordering::SeqCst); // after the push, before the look at the word
        let counts = self.state.load();
        if counts.searching() > 0 || counts.free() == 0 {
            return Notified::Needless;
        }
        self.notify_cpu_slow()
    }

    #[cold]
    fn notify_cpu_slow(&self) -> Notified {
        loop {
            if !self.state.appoint_searcher() {
                return Notified::Needless;
            }
            if self.wake_one(Signal::Search) {
                return Notified::Woken;
            }
            if self.state.add_cpu_thread(self.permits) {
                return Notified::Start;
            }
            // Some thread is on its way to the list and will look at the queues once it is on it.
            // But others may have relied on the searcher that we had appointed: look again.
            self.state.stop_searching();
            if self.parked() == 0 {
                return Notified::Needless;
            }
        }
    }

    /// A blocking step has been queued, the last of `queued`: each takes a thread of its own, unless
    /// another is done first. Whoever is on the way already comes for one.
    pub fn notify_blocking(&self, queued: impl FnOnce() -> usize) -> Notified {
        fence(Ordering::SeqCst); // after the push, before the look at the count
        let arriving = self.arriving.load(Ordering::SeqCst);
        if arriving >= queued().min(STARTING) || (arriving >= WAKING && self.parked() > 0) {
            return Notified::Needless;
        }
        self.arriving.fetch_add(1, Ordering::SeqCst);
        if self.wake_one(Signal::Arrive) {
            return Notified::Woken;
        }
        self.state.add_thread();
        Notified::Start
    }

    /// A thread that was sent for has arrived, and has a step or has found none. It then sends for the
    /// next: those who have queued something meanwhile have relied on this one.
    pub fn arrived(&self, queued: impl FnOnce() -> usize) -> Notified {
        self.arriving.fetch_sub(1, Ordering::SeqCst);
        self.notify_blocking(queued)
    }

    /// Wakes the thread that parked last, if any.
    pub fn wake_one(&self, signal: Signal) -> bool {
        let sleeper = self.parked.lock().pop();
        if let Some(sleeper) = &sleeper {
            self.wakes.fetch_add(1, Ordering::Relaxed);
            sleeper.signal(signal);
        }
        sleeper.is_some()
    }

    /// Puts a thread on the list of the parked. It must look at all queues once more before it sleeps.
    pub fn enlist(&self, sleeper: &Arc<Sleeper>) {
        self.parked.lock().push(sleeper.clone());
        fence(Ordering::SeqCst); // before the look at the queues
    }

    /// A search has found something; whether another searcher is to be appointed, if there is more to
    /// find. Those who have queued it meanwhile have relied on this one.
    pub fn search_ends(&self, has_work: impl FnOnce() -> bool) -> bool {
        let last = self.state.stop_searching();
        if last {
            fence(Ordering::SeqCst); // before the look at the queues
        }
        last && has_work()
    }

    /// A thread without a permit begins a blocking step; whether it leaves CPU work behind that nobody
    /// was sent for, because it was there.
    pub fn begins_blocking(&self, has_work: impl FnOnce() -> bool) -> bool {
        self.state.begin_blocking();
        fence(Ordering::SeqCst); // before the look at the queues
        has_work()
    }

    /// A thread that is on no list ends; `false` if it must stay, since there is work after all.
    pub fn thread_ends(&self, has_work: impl FnOnce() -> bool) -> bool {
        self.state.remove_thread();
        // whoever has queued something before that has counted on a thread on its way to the list
        fence(Ordering::SeqCst);
        let stays = has_work();
        if stays {
            self.state.add_thread();
        }
        !stays
    }

    /// Takes a thread off the list again; `false` if it has been signalled (or is just being).
    pub fn withdraw(&self, sleeper: &Arc<Sleeper>) -> bool {
        let mut parked = self.parked.lock();
        let place = parked.iter().rposition(|other| Arc::ptr_eq(other, sleeper));
        if let Some(place) = place {
            parked.remove(place);
        }
        place.is_some()
    }
}
