//! [`RealWork`]: what goes on outside of virtual time, and holds the clock back. Imports `coscope-core`.

use std::fmt;
use std::sync::Arc;

use coscope_core::primitive::{AtomicUsize, Ordering};

/// How much real work is in flight, and whom to tell when one piece has ended.
pub(crate) struct InFlight {
    count: AtomicUsize,
    ended: Box<dyn Fn() + Send + Sync>,
}

impl InFlight {
    pub(crate) fn new(ended: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(InFlight { count: AtomicUsize::new(0), ended: Box::new(ended) })
    }

    pub(crate) fn begin(self: &Arc<Self>) -> RealWork {
        self.count.fetch_add(1, Ordering::AcqRel);
        RealWork(self.clone())
    }

    /// Whoever ends a piece of work has queued before what follows from it: look here first, then there.
    pub(crate) fn is_any(&self) -> bool {
        self.count.load(Ordering::Acquire) != 0
    }
}

/// Real work in flight: while it lives, the test's clock stands still, and the test waits.
///
/// Steps on real dispatchers count by themselves, and so does a coroutine that waits in a foreign future, if
/// it has given out its waker and is not in the background. One that waits for a callback (`suspend_cancellable`) does not, so that a
/// timeout around it comes; but where nothing else is left to do, the test waits for the callback. A thread of one's own, or a foreign runtime, that
/// answers in one of our own ways (a channel) is announced with [`TestScope::real_work`](crate::TestScope::real_work): drop this
/// when it has given its result.
#[must_use = "the work is over when this is dropped"]
pub struct RealWork(Arc<InFlight>);

impl Drop for RealWork {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        (self.0.ended)();
    }
}

impl fmt::Debug for RealWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RealWork")
    }
}
