//! [`Holder`]: who has a lock, for people, and what they and those who listen are told of it besides. Imports `raw`.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::ptr;

use coscope_core::gate;
use coscope_core::tell::Resource;
use coscope_core::wait::Left;

use super::raw::{Permits, Raw};

impl Raw {
    /// How many wait.
    pub(super) fn waiters(&self) -> usize {
        let count = Cell::new(0);
        let none = self.enter().queue().pop_with(
            None,
            Left::Handed,
            |_| {
                count.set(count.get() + 1);
                false
            },
            |_| (),
        );
        debug_assert!(none.is_none());
        count.get()
    }

    /// What it is for those who listen.
    pub(super) fn resource<P: Permits + ?Sized>(&self) -> Resource {
        let address = ptr::from_ref(self).addr();
        if P::SINGLE { Resource::Mutex(address) } else { Resource::Semaphore(address) }
    }

    /// The number of the coroutine that has the one permit, if it is one that can be named.
    pub(super) fn holder<P: Permits + ?Sized>(&self) -> Option<u64> {
        self.latest().map(|(number, _)| number).filter(|number| P::SINGLE && *number != 0)
    }
}

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
