//! [`Sleeper`]: one thread that parks, and the signal it is woken with. Std or loom.
//!
//! Imports `primitive` only.

use std::sync::Arc;
use std::time::Duration;

use coscope_core::primitive::{AtomicU32, Ordering, thread};

/// Why a thread is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Signal {
    /// There is CPU work; the thread counts as searching from now on.
    Search = 1,
    /// There is a blocking step; the thread counts as arriving from now on.
    Arrive = 2,
    /// There is an earlier timer: look at everything.
    Look = 3,
}

/// A thread of the pool, as those see it who wake it.
#[derive(Debug)]
pub struct Sleeper {
    thread: thread::Thread,
    signal: AtomicU32,
}

impl Sleeper {
    /// The calling thread.
    pub fn current() -> Arc<Self> {
        Arc::new(Sleeper { thread: thread::current(), signal: AtomicU32::new(0) })
    }

    /// Wakes the thread. For whoever has taken it off the list of parked ones, and so once a sleep.
    pub fn signal(&self, signal: Signal) {
        self.signal.swap(signal as u32, Ordering::AcqRel);
        self.thread.unpark();
    }

    /// The signal, if there is one.
    pub fn take_signal(&self) -> Option<Signal> {
        match self.signal.swap(0, Ordering::AcqRel) {
            0 => None,
            1 => Some(Signal::Search),
            2 => Some(Signal::Arrive),
            _ => Some(Signal::Look),
        }
    }

    /// Parks the calling thread, which must be this one. It may wake for no reason.
    pub fn park(&self, timeout: Option<Duration>) {
        park(timeout);
    }
}

/// Parks the calling thread until it is unparked, the time is over, or for no reason.
pub(crate) fn park(timeout: Option<Duration>) {
    match timeout {
        #[cfg(not(loom))]
        Some(timeout) => thread::park_timeout(timeout),
        _ => thread::park(),
    }
}
