//! Where a coroutine asks about itself and gives way: the present job, `yield_now`, `delay`, `cancelled`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::context::{CoroutineContext, current};
use crate::error::{CancelReason, Cancelled};
use crate::job::{Event, Job, NodeRef};
use crate::primitive::Mutex;
use crate::time::{Clock, Instant, Timer};

/// The job of the running coroutine. Inside a scope it is the coroutine's, not the scope's.
///
/// # Panics
/// Outside of any coroutine; see [`try_current_job`].
#[track_caller]
pub fn current_job() -> Job {
    try_current_job().expect("current_job() outside of a coroutine: there is no job here")
}

/// The job of the running coroutine, if there is one.
pub fn try_current_job() -> Option<Job> {
    current::coroutine().map(Job)
}

/// The context at this point: the coroutine's, with what a `with_context` around has changed.
pub fn current_context() -> CoroutineContext {
    current::context()
}

/// The time now, on the clock of this point: real, or virtual in a test.
pub fn now() -> Instant {
    current::clock().now()
}

/// Who runs here, for a log line: `main @fetch#12`, the thread's name and the coroutine's; the
/// thread's alone outside of any.
pub fn current_label() -> String {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    match current::coroutine() {
        Some(node) => format!("{thread} @{}#{}", node.identity.name, node.identity.id),
        None => thread.to_owned(),
    }
}

/// Whether the running coroutine is to go on: nobody has cancelled it, or the scope that it is in. For
/// loops that compute and never suspend. `true` outside of any coroutine, and inside a shield.
pub fn is_active() -> bool {
    !current::is_being_cut()
}

/// As [`is_active`], as a `Result` for `?`.
///
/// # Errors
/// [`Cancelled`], with the reason, if the coroutine is being cancelled.
pub fn ensure_active() -> Result<(), Cancelled> {
    if is_active() {
        return Ok(());
    }
    let reason = current::coroutine().map_or(CancelReason::UNSPECIFIED, |node| node.reason());
    Err(Cancelled { reason })
}

/// Lets all others run that wait on this dispatcher, then goes on.
///
/// # Cancellation
/// A point where the coroutine can be cut.
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "it yields only when it is awaited"]
pub struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.yielded, true) {
            return Poll::Ready(());
        }
        current::set_yielding();
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

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
        this.timer.as_ref().poll(clock, deadline, cx.waker())
    }
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Delay").field(&self.until).finish()
    }
}

/// Waits until the running coroutine is being cancelled.
///
/// It returns only inside a [`shield`](crate::shield): elsewhere the coroutine is cut first, at this very await. For a
/// clean end on request there is [`stop_requested`].
///
/// # Cancellation
/// Safe.
pub fn cancelled() -> Signal {
    Signal::new(Event::Cancel)
}

/// Waits until the running coroutine is asked to come to an end; see [`Job::stop`].
///
/// ```
/// # use coscope_core::{stop_requested};
/// # async fn accept() {}
/// # async fn example() {
/// stop_requested().await;
/// // finish what is under way, then return
/// # }
/// ```
///
/// # Cancellation
/// Safe.
pub fn stop_requested() -> Signal {
    Signal::new(Event::Stop)
}

/// The future of [`cancelled`] and [`stop_requested`]. Outside of any coroutine it is never ready.
#[must_use = "it waits only when it is awaited"]
pub struct Signal {
    event: Event,
    waiting: Option<Waiting>,
}

struct Waiting {
    node: NodeRef,
    number: Option<u64>,
    waker: Arc<Mutex<Option<Waker>>>,
}

impl Signal {
    fn new(event: Event) -> Self {
        Signal { event, waiting: None }
    }
}

impl Future for Signal {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let event = self.event;
        if self.waiting.is_none() {
            let Some(node) = current::coroutine() else { return Poll::Pending };
            let waker: Arc<Mutex<Option<Waker>>> = Arc::default();
            let shared = waker.clone();
            let call = move || {
                let waker = shared.lock().take();
                if let Some(waker) = waker {
                    waker.wake();
                }
            };
            let number = node.listen(event, Box::new(call));
            self.waiting = Some(Waiting { node, number, waker });
        }
        let waiting = self.waiting.as_ref().expect("just set");
        let waker = cx.waker().clone();
        let old = waiting.waker.lock().replace(waker);
        drop(old);
        let state = &waiting.node.state;
        let has_come = match event {
            Event::Stop => state.is_stopping(),
            _ => state.is_cancelling(),
        };
        if has_come { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        if let Some(Waiting { node, number: Some(number), .. }) = &self.waiting {
            node.unlisten(*number);
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signal").field(&self.event).finish()
    }
}

/// Ticks at a fixed rate or with a fixed pause; see [`interval`].
#[derive(Debug)]
pub struct Interval {
    next: Option<Instant>,
    first: Duration,
    period: Duration,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Rate,
    Pause,
}

/// Ticks every `period`, the first time at once, at a **fixed rate**: ticks are due at multiples of the period
/// after the first, whatever the time between took, so that no drift builds up. Ticks that were missed are skipped.
///
/// ```
/// # use coscope_core::interval;
/// # use std::time::Duration;
/// # async fn example() {
/// let mut ticks = interval(Duration::from_secs(1)).initial_delay(Duration::from_secs(5));
/// loop {
///     ticks.tick().await;
///     println!("...");
/// }
/// # }
/// ```
///
/// # Panics
/// If `period` is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    assert!(!period.is_zero(), "interval(0): ticks without time in between never end");
    Interval { next: None, first: Duration::ZERO, period, rule: Rule::Rate }
}

impl Interval {
    /// The first tick comes this long after the first call of [`tick`](Self::tick).
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.first = delay;
        self
    }

    /// Counts the period from the tick before, when it was taken, instead of keeping the rate.
    pub fn fixed_delay(mut self) -> Self {
        self.rule = Rule::Pause;
        self
    }

    /// Waits for the next tick and gives the instant at which it was due.
    ///
    /// # Cancellation
    /// Safe: a tick that is cut comes again.
    pub async fn tick(&mut self) -> Instant {
        let due = *self.next.get_or_insert_with(|| now() + self.first);
        delay_until(due).await;
        let now = now();
        self.next = Some(match self.rule {
            Rule::Pause => now + self.period,
            Rule::Rate => {
                let late = (now - due).as_nanos() / self.period.as_nanos();
                let periods = u32::try_from(late + 1).unwrap_or(u32::MAX);
                due + self.period.saturating_mul(periods)
            }
        });
        due
    }
}
