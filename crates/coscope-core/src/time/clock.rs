//! [`Clock`]: tells the time, and owns the timers that wake at it.

use std::any::Any;
use std::sync::Arc;

use super::{Instant, Timers};

/// Tells the time and owns the timers that fire by it.
///
/// Whoever sleeps on a clock (an event loop, a pool's parked worker, a virtual-time test) asks
/// [`Timers::fire`] when it wakes and sleeps until the instant that it returns.
///
/// ```
/// use coscope_core::time::{Clock, Instant, Timers};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// /// A clock that is moved by hand.
/// struct ByHand {
///     now: AtomicU64,
///     timers: Arc<Timers>,
/// }
/// impl Clock for ByHand {
///     fn now(&self) -> Instant { Instant::from_nanos(self.now.load(Relaxed)) }
///     fn timers(&self) -> &Arc<Timers> { &self.timers }
///     fn wake_by(&self, _deadline: Instant) {} // nobody sleeps on it
/// }
///
/// let clock = ByHand { now: AtomicU64::new(1), timers: Timers::new(1) };
/// clock.now.store(1_000, Relaxed);
/// assert_eq!(clock.timers().fire(clock.now()), None); // and no timer is left
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Instant;

    /// The timers that fire by this clock.
    fn timers(&self) -> &Arc<Timers>;

    /// A timer earlier than all others has been set: whoever sleeps on this clock must wake by then.
    ///
    /// Called without any lock held.
    fn wake_by(&self, deadline: Instant);

    /// A coroutine with this clock in its context is about to be queued on a dispatcher that tells another
    /// time. What is returned is dropped when that step has run, or has been refused; a virtual clock
    /// stands still until then.
    fn hold(&self) -> Option<Hold> {
        None
    }
}

/// What a [`Clock`] keeps of a step elsewhere until it has run.
pub type Hold = Box<dyn Any + Send>;
