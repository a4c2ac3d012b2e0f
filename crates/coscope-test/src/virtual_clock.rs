//! [`VirtualClock`]: time that stands still until it is moved. Imports `real_work`.

use std::fmt;
use std::sync::Arc;

use coscope_core::primitive::{AtomicU64, Ordering};
use coscope_core::time::{Clock, Hold, Instant, Timers};

use crate::real_work::InFlight;

/// When a virtual clock begins.
pub(crate) const BEGIN: Instant = Instant::from_nanos(1);

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
    now: Arc<AtomicU64>,
    timers: Arc<Timers>,
    moved: Arc<dyn Fn() + Send + Sync>,
    /// Told of steps elsewhere. `None` for a clock that they do not hold back.
    in_flight: Option<Arc<InFlight>>,
}

impl VirtualClock {
    /// A clock at its beginning. `moved` is called when a timer has been set that is earlier than all others.
    ///
    /// ```
    /// use coscope_core::time::Clock;
    /// assert!(coscope_test::VirtualClock::new(|| ()).timers().is_empty());
    /// ```
    pub fn new(moved: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Self::made(Arc::new(AtomicU64::new(BEGIN.as_nanos())), Arc::new(moved), None)
    }

    /// As [`new`](Self::new); steps elsewhere of coroutines on this clock are counted.
    pub(crate) fn counting(moved: impl Fn() + Send + Sync + 'static, in_flight: Arc<InFlight>) -> Arc<Self> {
        Self::made(Arc::new(AtomicU64::new(BEGIN.as_nanos())), Arc::new(moved), Some(in_flight))
    }

    /// The same time with timers of its own, and nothing that holds it back.
    pub(crate) fn beside(&self) -> Arc<Self> {
        Self::made(self.now.clone(), self.moved.clone(), None)
    }

    fn made(
        now: Arc<AtomicU64>,
        moved: Arc<dyn Fn() + Send + Sync>,
        in_flight: Option<Arc<InFlight>>,
    ) -> Arc<Self> {
        Arc::new(VirtualClock { now, timers: Timers::new(1), moved, in_flight })
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
        self.move_to(next);
        self.fire();
        true
    }

    /// Time never goes back.
    pub(crate) fn move_to(&self, instant: Instant) {
        self.now.fetch_max(instant.as_nanos(), Ordering::AcqRel);
    }

    pub(crate) fn fire(&self) {
        self.timers.fire(self.now());
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
    fn hold(&self) -> Option<Hold> {
        Some(Box::new(self.in_flight.as_ref()?.begin()))
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VirtualClock").field(&self.now()).finish()
    }
}
