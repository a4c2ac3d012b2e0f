//! [`VirtualClock`]: time that stands still until it is moved. Imports `coscope-core`.

use std::fmt;
use std::sync::Arc;

use coscope_core::primitive::{AtomicU64, Ordering};
use coscope_core::time::{Clock, Instant, Timers};

/// A clock that stands still until it is moved.
///
/// ```
/// use coscope_core::time::Clock;
/// use coscope_test::VirtualClock;
///
/// let clock = VirtualClock::new(|| ());
/// let begin = clock.now();
/// assert!(!clock.advance_to_next()); // no timer is set
/// assert_eq!(clock.now(), begin);
/// ```
pub struct VirtualClock {
    now: AtomicU64,
    timers: Arc<Timers>,
    moved: Box<dyn Fn() + Send + Sync>,
}

impl VirtualClock {
    /// A clock at its beginning. `moved` is called when a timer has been set that is earlier than all others.
    ///
    /// ```
    /// use coscope_core::time::Clock;
    /// assert!(coscope_test::VirtualClock::new(|| ()).timers().is_empty());
    /// ```
    pub fn new(moved: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(VirtualClock { now: AtomicU64::new(1), timers: Timers::new(1), moved: Box::new(moved) })
    }

    /// Jumps to the next timer and fires what is due there. `false` if there is none.
    ///
    /// ```
    /// use coscope_core::time::{Clock, Instant, Timer};
    /// use std::{pin::pin, task::Waker};
    ///
    /// let clock = coscope_test::VirtualClock::new(|| ());
    /// let mut timer = pin!(Timer::new());
    /// let noon = Instant::from_nanos(12);
    /// assert!(timer.as_mut().poll(&*clock, noon, Waker::noop()).is_pending());
    /// assert!(clock.advance_to_next());
    /// assert_eq!(clock.now(), noon);
    /// assert!(timer.as_mut().poll_again(Waker::noop()).is_ready());
    /// ```
    pub fn advance_to_next(&self) -> bool {
        let Some(next) = self.timers.next_deadline() else { return false };
        self.now.fetch_max(next.as_nanos(), Ordering::AcqRel);
        self.timers.fire(self.now());
        true
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        Instant::from_nanos(self.now.load(Ordering::Acquire))
    }
    fn timers(&self) -> &Arc<Timers> {
        &self.timers
    }
    fn wake_by(&self, _deadline: Instant) {
        (self.moved)();
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VirtualClock").field(&self.now()).finish()
    }
}
