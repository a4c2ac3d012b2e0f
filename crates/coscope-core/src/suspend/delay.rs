//! [`delay`]: suspends for a while on the clock of this point.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::gate::{self, WaitKind};
use crate::context::current;
use crate::mark::Mark;
use crate::time::{Instant, Timer};
use crate::wait::{Clause, Turn};

/// Suspends for `duration`, without blocking a thread. Zero returns at once. Millisecond
/// resolution on the real clock, rounded up; exact on a virtual one.
///
/// ```
/// # use coscope::{now, prelude::*};
/// # use std::time::Duration;
/// run_blocking(async |_| {
///     let begin = now();
///     delay(Duration::from_millis(2)).await;
///     assert!(now() - begin >= Duration::from_millis(2));
/// });
/// ```
///
/// # Cancellation
/// Safe: a delay that is cut leaves nothing behind.
#[track_caller]
pub fn delay(duration: Duration) -> Delay {
    Delay::new(Until::after(duration), Mark::new(WaitKind::Delay, Location::caller()))
}

/// Suspends until `deadline`; returns at once if it has passed.
///
/// ```
/// # use coscope::{delay_until, now, run_blocking};
/// # use std::time::Duration;
/// run_blocking(async |_| {
///     let deadline = now() + Duration::from_millis(2);
///     delay_until(deadline).await;
///     assert!(now() >= deadline);
/// });
/// ```
///
/// # Cancellation
/// As [`delay`].
#[track_caller]
pub fn delay_until(deadline: Instant) -> Delay {
    Delay::new(Until::at(deadline), Mark::new(WaitKind::Delay, Location::caller()))
}

/// An instant, or a while from the first poll on, in nanoseconds; the highest bit tells which. What takes
/// longer than the other bits can say, 292 years, never comes. One word, which the timer keeps until it is armed,
/// since many wait at once.
#[derive(Clone, Copy)]
struct Until(u64);

impl Until {
    const WHILE: u64 = 1 << 63;
    const NEVER: u64 = Until::WHILE - 1;

    fn after(duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Until(nanos.min(Until::NEVER) | Until::WHILE)
    }

    fn at(deadline: Instant) -> Self {
        Until(deadline.as_nanos().min(Until::NEVER))
    }

    /// The instant, if the first poll is now.
    fn deadline(self, now: Instant) -> Instant {
        match self.0 & Until::NEVER {
            Until::NEVER => Instant::FAR_FUTURE,
            nanos if self.0 == nanos => Instant::from_nanos(nanos),
            nanos => Instant::from_nanos(now.as_nanos().saturating_add(nanos)),
        }
    }
}

impl fmt::Debug for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0 & Until::NEVER;
        match self.0 == nanos {
            true => Instant::from_nanos(nanos).fmt(f),
            false => Duration::from_nanos(nanos).fmt(f),
        }
    }
}

pin_project! {
    /// The future of [`delay`] and [`delay_until`].
    ///
    /// ```
    /// # use coscope::{Delay, prelude::*};
    /// # use std::time::Duration;
    /// let pause: Delay = delay(Duration::from_millis(1)); // the time runs from its first poll
    /// run_blocking(async |_| pause.await);
    /// ```
    #[must_use = "a delay waits only when it is awaited"]
    pub struct Delay {
        #[pin]
        timer: Timer,
        mark: Mark,
    }
}

impl Delay {
    fn new(until: Until, mark: Mark) -> Self {
        Delay { timer: Timer::with_note(until.0), mark }
    }

    /// The wait for a tick.
    pub(super) fn tick(due: Instant, site: &'static Location<'static>) -> Self {
        Delay::new(Until::at(due), Mark::new(WaitKind::Tick, site))
    }
}

impl Future for Delay {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let polled = if this.timer.was_armed() {
            this.timer.poll_again(cx.waker())
        } else {
            let until = Until(this.timer.note());
            if until.0 == Until::WHILE {
                return Poll::Ready(());
            }
            let begun = current::with_clock(|clock| {
                let now = clock.now();
                let deadline = until.deadline(now);
                (deadline > now).then(|| this.timer.poll(clock, deadline, cx.waker()))
            });
            let Some(polled) = begun else { return Poll::Ready(()) };
            polled
        };
        gate::pass_marked(cx, polled, *this.mark)
    }
}

/// In a select: this much time has passed.
impl Clause for Delay {
    type Output = ();
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        if turn.ticket().is_some() { Poll::Pending } else { self.poll(turn.context()) }
    }
    fn take(self: Pin<&mut Self>) {}
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Delay").field(&Until(self.timer.note())).finish()
    }
}
