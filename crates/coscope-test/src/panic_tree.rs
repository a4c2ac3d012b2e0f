//! What runs in a test when something in it panics: shown at that moment, since by the end of the test it has gone.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

use coscope_core::Job;
use coscope_core::sight::tree;

/// So many jobs are shown.
pub(crate) const MOST: usize = 200;

thread_local! {
    /// The test that this thread drives.
    static TEST: RefCell<Option<Job>> = const { RefCell::new(None) };
}

/// While it lives, a panic on this thread is followed by the tree of the test that was [named](name).
pub(crate) struct ShownOnPanic {
    around: Option<Job>,
}

impl ShownOnPanic {
    pub(crate) fn new() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                before(info);
                show();
            }));
        });
        ShownOnPanic { around: TEST.take() }
    }
}

impl Drop for ShownOnPanic {
    fn drop(&mut self) {
        TEST.set(self.around.take());
    }
}

/// The test that this thread drives is `test`.
pub(crate) fn name(test: Job) {
    TEST.set(Some(test));
}

fn show() {
    // not in the midst of a change of it, nor at the end of the thread
    let test = TEST.try_with(|shown| shown.try_borrow().ok()?.clone());
    if let Ok(Some(test)) = test {
        eprintln!("coscope-test: what ran in the test at this panic:\n{}", tree(&test, MOST));
    }
}
