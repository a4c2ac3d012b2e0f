//! [`delay`]: suspends for a while on the clock of this point.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::gate;
use crate::context::current;
use crate::time::{Clock, Instant, Timer};

/// Suspends for `duration`, without blocking a thread. Zero returns at once. Millisecond
/// resolution on the real clock, rounded up; exact on a virtual one.
///
/// ```
/// # use coscope_core::delay;
/// # async fn example() {
/// delay(std::time::Duration::from_millis(500)).await;
/// # }
/// ```
///
/// # Cancellation
/// Safe: a delay that is cut leaves nothing behind.
pub fn delay(duration: Duration) -> Delay {
    Delay { until: Until::After(duration), clock: None, timer: Timer::new() }
}

/// Suspends until `deadline`; returns at once if it has passed.
///
/// # Cancellation
/// As [`delay`].
pub fn delay_until(deadline: Instant) -> Delay {
    Delay { until: Until::At(deadline), clock: None, timer: Timer::new() }
}

#[derive(Debug, Clone, Copy)]
enum Until {
    After(Duration),
    At(Instant),
}

pin_project! {
    /// The future of [`delay`] and [`delay_until`].
    #[must_use = "a delay waits only when it is awaited"]
    pub struct Delay {
        until: Until,
        clock: Option<Arc<dyn Clock>>,
        #[pin]
        timer: Timer,
    }
}

impl Future for Delay {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.clock.is_none() {
            if matches!(*this.until, Until::After(Duration::ZERO)) {
                return Poll::Ready(());
            }
            let clock = current::clock();
            let now = clock.now();
            let deadline = match *this.until {
                Until::After(duration) => now + duration,
                Until::At(deadline) => deadline,
            };
            *this.until = Until::At(deadline);
            if deadline <= now {
                return Poll::Ready(());
            }
            *this.clock = Some(clock);
        }
        let Until::At(deadline) = *this.until else { unreachable!("fixed at the first poll") };
        let clock = this.clock.as_ref().expect("set at the first poll");
        let polled = this.timer.as_ref().poll(clock, deadline, cx.waker());
        gate::pass(cx, polled)
    }
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Delay").field(&self.until).finish()
    }
}
