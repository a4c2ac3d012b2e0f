//! The main dispatcher: whatever the program has set, a window system's queue for one. Imports `home`.

use coscope_core::dispatch::{Dispatch, Dispatcher, Runnable};
use coscope_core::time::Clock;
use parking_lot::RwLock;

use crate::home;

static MAIN: RwLock<Option<Dispatcher>> = RwLock::new(None);

/// Sets the main dispatcher; what was set before.
pub(crate) fn set(dispatcher: Option<Dispatcher>) -> Option<Dispatcher> {
    std::mem::replace(&mut *MAIN.write(), dispatcher)
}

#[track_caller]
fn current() -> Dispatcher {
    let main = MAIN.read().clone();
    main.expect("no main dispatcher: one must be set, with `Dispatchers::set_main`, before it is used")
}

/// Forwards to the main dispatcher of the moment.
#[derive(Debug)]
pub(crate) struct Main {
    /// Whether a coroutine that is on its thread already goes on at once.
    pub(crate) immediate: bool,
}

impl Dispatch for Main {
    fn dispatch(&self, runnable: Runnable) {
        current().dispatch(runnable);
    }

    fn dispatch_yield(&self, runnable: Runnable) {
        current().dispatch_yield(runnable);
    }

    fn is_dispatch_needed(&self) -> bool {
        let main = current();
        let main = main.dispatch_impl();
        let on_its_thread = home::current() == std::ptr::from_ref(main).addr();
        !(self.immediate && on_its_thread) && main.is_dispatch_needed()
    }

    fn enter_in_place(&self) -> bool {
        current().dispatch_impl().enter_in_place()
    }

    fn show_clock(&self, to: &mut dyn FnMut(&dyn Clock)) {
        current().dispatch_impl().show_clock(to);
    }

    fn name(&self) -> &str {
        if self.immediate { "Dispatchers.Main.immediate" } else { "Dispatchers.Main" }
    }
}
