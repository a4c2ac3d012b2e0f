//! Whose thread this is: the identity of the dispatcher whose steps run on it. Imports nothing of this crate.

use std::cell::Cell;

thread_local! {
    static HOME: Cell<usize> = const { Cell::new(0) };
}

/// The address of the dispatcher whose thread this is, or 0.
#[inline]
pub(crate) fn current() -> usize {
    HOME.try_with(Cell::get).unwrap_or(0)
}

/// Makes this thread that of the dispatcher at `address`, until the guard is dropped.
pub(crate) fn enter(address: usize) -> Guard {
    Guard(HOME.with(|home| home.replace(address)))
}

/// Restores whose thread it was.
pub(crate) struct Guard(usize);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = HOME.try_with(|home| home.set(self.0));
    }
}
