//! Deadlines as values: [`with_timeout`], [`with_deadline`], and the deadline in force.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::kept_panic::{Kept, KeptPanic, settled};
use super::region::{Mode, Polled, Region};
use crate::context::current::{self, Limit};
use crate::error::TimedOut;
use crate::mark::WaitKind;
use crate::suspend::gate;
use crate::time::{Instant, Timer};

/// Runs `future` for at most `duration`.
///
/// Zero means at once: the future is not polled. Otherwise the time runs from the future's first
/// suspension on (what it does before that nobody could cut), and the future is polled before the
/// clock is looked at: a value that is there wins, even late. When the time is over, the future is
/// dropped where it is suspended, and what it leaves behind (scopes, clean-ups) is cancelled and joined
/// before this returns.
///
/// ```
/// # use coscope::prelude::*;
/// # use std::time::Duration;
/// run_blocking(async |_| {
///     let late = with_timeout(Duration::from_millis(13), delay(Duration::from_secs(20))).await;
///     assert_eq!(late.unwrap_err().to_string(), "Timed out waiting for 13 ms");
///     let in_time = with_timeout(Duration::from_secs(20), async { 42 }).await;
///     assert_eq!(in_time, Ok(42));
/// });
/// ```
///
/// # Errors
/// [`TimedOut`]: a value like any other, never mixed with cancellation.
///
/// # Cancellation
/// As [`scope`](crate::scope). A shield inside holds the timeout up until it ends.
///
/// # Panics
/// With the panic of the future, when what it has left behind has ended.
#[track_caller]
pub fn with_timeout<F: Future>(duration: Duration, future: F) -> WithTimeout<F> {
    WithTimeout::new(Limit::For(duration), future)
}

/// Runs `future` until `deadline` at the latest; otherwise as [`with_timeout`].
///
/// ```
/// # use coscope::{now, prelude::*, with_deadline};
/// # use std::time::Duration;
/// run_blocking(async |_| {
///     let deadline = now() + Duration::from_millis(2);
///     assert!(with_deadline(deadline, delay(Duration::from_secs(20))).await.is_err());
///     assert!(now() >= deadline);
/// });
/// ```
///
/// # Errors
/// As [`with_timeout`].
///
/// # Cancellation
/// As [`with_timeout`].
///
/// # Panics
/// As [`with_timeout`].
#[track_caller]
pub fn with_deadline<F: Future>(deadline: Instant, future: F) -> WithTimeout<F> {
    WithTimeout::new(Limit::Until(deadline), future)
}

/// The deadline in force at this point: the least one of the timeouts around it and up its parents,
/// as far as the nearest shield. A [`with_timeout`] that has not suspended yet counts as if it did so now.
///
/// ```
/// # use coscope::{effective_deadline, now, prelude::*, with_deadline};
/// # use std::time::Duration;
/// run_blocking(async |_| {
///     assert_eq!(effective_deadline(), None);
///     let soon = now() + Duration::from_secs(60);
///     let seen = with_deadline(soon, async {
///         with_timeout(Duration::from_secs(3600), async { effective_deadline() }).await
///     });
///     assert_eq!(seen.await, Ok(Ok(Some(soon))));
/// });
/// ```
pub fn effective_deadline() -> Option<Instant> {
    current::deadline()
}

pin_project! {
    /// The future of [`with_timeout`] and [`with_deadline`].
    ///
    /// ```
    /// # use coscope::{WithTimeout, prelude::*};
    /// # use std::time::Duration;
    /// let in_time: WithTimeout<_> = with_timeout(Duration::from_secs(20), async { 42 });
    /// assert_eq!(run_blocking(async |_| in_time.await), Ok(42));
    /// ```
    #[must_use = "a timeout runs only when it is awaited"]
    pub struct WithTimeout<F: Future> {
        region: Region,
        begun: bool,
        after: Duration,
        #[pin]
        timer: Option<Timer>,
        #[pin]
        body: Option<F>,
        result: Option<Kept<Result<F::Output, TimedOut>>>,
    }

    impl<F: Future> PinnedDrop for WithTimeout<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if *this.begun {
                this.region.abandon(|| this.body.set(None));
            }
        }
    }
}

impl<F: Future> WithTimeout<F> {
    #[track_caller]
    fn new(limit: Limit, future: F) -> Self {
        let region = Region::new("with_timeout", Mode::Supervise);
        region.frame.limit.set(Some(limit));
        WithTimeout {
            region,
            begun: false,
            after: Duration::ZERO,
            timer: None,
            body: Some(future),
            result: None,
        }
    }
}

impl<F: Future> Future for WithTimeout<F> {
    type Output = Result<F::Output, TimedOut>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let region = &*this.region;
        if !*this.begun {
            *this.after = match region.frame.limit.get().expect("a timeout has a limit") {
                Limit::For(duration) => duration,
                Limit::Until(deadline) => deadline - current::with_clock(|clock| clock.now()),
            };
            if this.after.is_zero() {
                this.body.set(None);
                return Poll::Ready(Err(TimedOut { after: Duration::ZERO }));
            }
            *this.begun = true;
        }
        if this.body.is_some() {
            let body = this.body.as_mut();
            let result = match region.poll_body_marked(body, cx, WaitKind::Timeout) {
                Polled::Ready(value) if region.is_untouched() => {
                    *this.begun = false;
                    this.timer.set(None);
                    return Poll::Ready(Ok(value));
                }
                Polled::Ready(value) => Ok(Ok(value)),
                Polled::Panicked(payload) => Err(KeptPanic::new(payload)),
                Polled::Pending | Polled::Cut => {
                    let polled = match this.timer.as_mut().as_pin_mut() {
                        Some(timer) => timer.poll_again(cx.waker()),
                        None => {
                            this.timer.set(Some(Timer::new()));
                            let timer = this.timer.as_mut().as_pin_mut().expect("just set");
                            arm(timer, &region.frame.limit, cx)
                        }
                    };
                    ready!(gate::pass(cx, polled));
                    if region.is_held_up() {
                        return Poll::Pending; // the end of the shield comes in a poll of the body, or wakes
                    }
                    Ok(Err(TimedOut { after: *this.after }))
                }
            };
            match result {
                Ok(Ok(_)) => {}
                Ok(Err(_)) => region.cancel_children("timed out".into()),
                Err(_) => region.cancel_children("the block around it panicked".into()),
            }
            *this.result = Some(result);
            if this.body.is_some() {
                region.cut_body(|| this.body.set(None));
            }
            region.end_body();
        }
        ready!(region.poll_joined(cx));
        *this.begun = false;
        this.timer.set(None);
        Poll::Ready(settled(this.result.take().expect("a timeout was polled after it had ended")))
    }
}

/// The first suspension: from here on the time runs.
fn arm(timer: Pin<&mut Timer>, limit: &Cell<Option<Limit>>, cx: &mut Context<'_>) -> Poll<()> {
    current::with_clock(|clock| {
        let deadline = match limit.get().expect("a timeout has a limit") {
            Limit::For(duration) => clock.now() + duration,
            Limit::Until(deadline) => deadline,
        };
        limit.set(Some(Limit::Until(deadline)));
        timer.poll(clock, deadline, cx.waker())
    })
}

impl<F: Future> fmt::Debug for WithTimeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithTimeout")
            .field("limit", &self.region.frame.limit)
            .field("region", &self.region)
            .finish()
    }
}
