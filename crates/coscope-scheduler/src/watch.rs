//! The watch, as others see it: whether it looks, when it will, and how to wake it. What it looks
//! at: `watchman`.
//!
//! It is turned off by itself once all permits are free, and on by whoever takes a permit and finds
//! it off. Both sides write first and read then, sequentially consistent, so one of them sees the
//! other. Imports `park` only.

use std::thread::Thread;
use std::time::Duration;

use coscope_core::primitive::{AtomicBool, AtomicU64, Mutex, Ordering::SeqCst};
use coscope_core::time::Instant;

/// So late may a timer be before the watch fires it.
pub(crate) const GRACE: Duration = Duration::from_millis(1);

/// What others see of the watch.
pub(crate) struct Watch {
    on: AtomicBool,
    /// When it will look next, of itself; `u64::MAX` while it makes up its mind.
    until: AtomicU64,
    thread: Mutex<Option<Thread>>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Watch { on: AtomicBool::new(false), until: AtomicU64::new(u64::MAX), thread: Mutex::new(None) }
    }

    /// Whether it looks at the lanes.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(SeqCst)
    }

    /// Has it look at the lanes; `false` if its thread cannot be started.
    pub(crate) fn turn_on(&self, start: impl FnOnce() -> Option<Thread>) -> bool {
        if self.on.swap(true, SeqCst) {
            return true;
        }
        let woken = self.wake(start);
        if !woken {
            self.on.store(false, SeqCst);
        }
        woken
    }

    /// For the watch itself: turns it off, unless somebody is found at work after that.
    pub(crate) fn turn_off_unless(&self, at_work: impl FnOnce() -> bool) -> bool {
        self.on.store(false, SeqCst);
        let stays = at_work();
        if stays {
            self.on.store(true, SeqCst);
        }
        !stays
    }

    /// Has it look at the timers by `deadline` and the grace.
    pub(crate) fn wake_by(&self, deadline: Instant, start: impl FnOnce() -> Option<Thread>) {
        if (deadline + GRACE).as_nanos() < self.until.load(SeqCst) {
            self.wake(start);
        }
    }

    /// For the watch itself: when it will look next. To be set to never before it looks, so that
    /// whoever sets an earlier timer meanwhile wakes it.
    pub(crate) fn looks_next(&self, until: Instant) {
        self.until.store(until.as_nanos(), SeqCst);
    }

    fn wake(&self, start: impl FnOnce() -> Option<Thread>) -> bool {
        let mut thread = self.thread.lock();
        match &*thread {
            Some(thread) => thread.unpark(),
            None => *thread = start(),
        }
        thread.is_some()
    }
}
