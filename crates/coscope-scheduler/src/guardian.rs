//! [`Guardian`]: the timers of an event loop that has closed go on, fired by the process's clock.
//!
//! Coroutines may be suspended on a loop's clock when it closes: those of an owned scope whose context it
//! was, or a wait that has begun there and is awaited elsewhere. Nobody drives the loop any more to fire
//! their timers, so one timer of the process's clock stands for all of them. Imports nothing of this crate.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Wake, Waker};

use coscope_core::dispatch::try_runtime;
use coscope_core::primitive::Mutex;
use coscope_core::time::{Instant, Timer, Timers};

/// Fires the timers of a loop in its stead. It is kept by its own timer while that waits.
pub(crate) struct Guardian {
    timers: Arc<Timers>,
    /// Due when the first of them is. Locked from the look for that to the end of setting it.
    own: Mutex<Pin<Box<Timer>>>,
}

impl Guardian {
    pub(crate) fn new(timers: Arc<Timers>) -> Arc<Self> {
        Arc::new(Guardian { timers, own: Mutex::new(Box::pin(Timer::new())) })
    }

    /// Looks for the next deadline and waits for it. Without a process's clock nobody can.
    pub(crate) fn look(self: &Arc<Self>) {
        let Some(runtime) = try_runtime() else { return };
        let clock = runtime.clock();
        let mut own = self.own.lock();
        own.as_mut().clear(); // what it has fired for counts no more
        if let Some(deadline) = self.timers.next_look() {
            let _pending = own.as_mut().poll(&**clock, deadline, &Waker::from(self.clone()));
        }
    }
}

impl Wake for Guardian {
    fn wake(self: Arc<Self>) {
        self.timers.fire_for_others(Instant::system_now(), usize::MAX);
        self.look();
    }
}

impl fmt::Debug for Guardian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guardian").field("timers", &self.timers).finish()
    }
}
