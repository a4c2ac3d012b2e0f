//! [`delay`]: suspends for a while on the clock of this point.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::gate;
use crate::context::current;
use crate::time::{Instant, Timer};
use crate::wait::{Clause, Turn};

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
    Delay { until: Until::After(duration), timer: Timer::new() }
}

/// Suspends until `deadline`; returns at once if it has passed.
///
/// # Cancellation
/// As [`delay`].
pub fn delay_until(deadline: Instant) -> Delay {
    Delay { until: Until::At(deadline), timer: Timer::new() }
}

#[derive(Debug, Clone, Copy)]
enum Until {
    After(Duration),
    At(Instant),
    /// The timer is armed, or is not to be.
    Armed(Instant),
}

pin_project! {
    /// The future of [`delay`] and [`delay_until`].
    #[must_use = "a delay waits only when it is awaited"]
    pub struct Delay {
        until: Until,
        #[pin]
        timer: Timer,
    }
}

impl Future for Delay {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let polled = match *this.until {
            Until::Armed(_) => this.timer.as_mut().poll_again(cx.waker()),
            Until::After(Duration::ZERO) => return Poll::Ready(()),
            until => {
                let armed = current::with_clock(|clock| {
                    let now = clock.now();
                    let deadline = match until {
                        Until::After(duration) => now + duration,
                        Until::At(deadline) | Until::Armed(deadline) => deadline,
                    };
                    (deadline > now).then(|| {
                        let polled = this.timer.as_mut().poll(clock, deadline, cx.waker());
                        *this.until = Until::Armed(deadline);
                        polled
                    })
                });
                let Some(polled) = armed else { return Poll::Ready(()) };
                polled
            }
        };
        gate::pass(cx, polled)
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
        f.debug_tuple("Delay").field(&self.until).finish()
    }
}
