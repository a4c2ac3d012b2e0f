//! [`Holder`]: who has a lock, for people. Imports `raw`.

use std::fmt;
use std::panic::Location;

use coscope_core::gate;

use super::raw::Raw;

/// Who has a lock, or got permits last, and where the code asked for it.
///
/// A look from outside, for people: if the lock changes hands at that moment it may show the number of one and the place of
/// another. A guard that was moved to another coroutine still shows the one that asked.
///
/// ```
/// let mutex = coscope::sync::Mutex::new(());
/// let held = mutex.try_lock();
/// let holder = mutex.holder().unwrap();
/// assert_eq!(holder.id(), None); // this thread is no coroutine
/// assert_eq!(holder.to_string(), format!("no coroutine, at {}", holder.acquired_at()));
/// # drop(held);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    number: u64,
    site: &'static Location<'static>,
}

impl Holder {
    pub(super) fn latest(raw: &Raw) -> Option<Holder> {
        raw.latest().map(|(number, site)| Holder { number, site })
    }

    /// The number of the coroutine, as in [`Job::id`](crate::Job::id); `None` if it was no coroutine of ours.
    pub fn id(&self) -> Option<u64> {
        (self.number != 0).then_some(self.number)
    }

    /// Where `lock` or `acquire` was called.
    pub fn acquired_at(&self) -> &'static Location<'static> {
        self.site
    }

    /// Whether it is the coroutine that asks: if it waits for the lock, it waits for itself.
    ///
    /// ```
    /// use coscope::sync::Mutex;
    ///
    /// coscope::run_blocking(async |_: coscope::Scope| {
    ///     let mutex = Mutex::new(());
    ///     let _held = mutex.lock().await;
    ///     assert!(mutex.holder().unwrap().is_current());
    /// });
    /// ```
    pub fn is_current(&self) -> bool {
        self.number != 0 && self.number == gate::coroutine_number()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id() {
            Some(id) => write!(f, "coroutine #{id}, at {}", self.site)?,
            None => write!(f, "no coroutine, at {}", self.site)?,
        }
        f.write_str(if self.is_current() { " (which is asking)" } else { "" })
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
