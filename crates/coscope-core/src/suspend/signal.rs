//! [`cancelled`], [`stop_requested`]: the wishes of others as something to wait for.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::gate::{self, Mark, WaitKind};
use crate::context::current;
use crate::job::{Event, NodeRef};
use crate::primitive::Mutex;
use crate::wait::{Clause, Turn};

/// Waits until the running coroutine is being cancelled.
///
/// It returns only inside a [`shield`](crate::shield): elsewhere the coroutine is cut first, at this very await. For a
/// clean end on request there is [`stop_requested`].
///
/// ```
/// # use coscope::{cancelled, prelude::*};
/// run_blocking(async |s: Scope| {
///     let job = s.start(Start::Undispatched).launch(shield(async {
///         cancelled().await;
///         println!("I am told to go; let me put this away first");
///     }));
///     job.cancel_and_join("enough").await;
/// });
/// ```
///
/// # Cancellation
/// Safe.
#[track_caller]
pub fn cancelled() -> Signal {
    Signal::new(Event::Cancel, WaitKind::Cancelled)
}

/// Waits until the running coroutine is asked to come to an end; see [`Job::stop`](crate::Job::stop).
///
/// ```
/// # use coscope::{prelude::*, stop_requested};
/// run_blocking(async |s: Scope| {
///     let server = s.spawn(async {
///         stop_requested().await;
///         "finished what was under way"
///     });
///     server.job().stop();
///     assert_eq!(server.await, "finished what was under way");
/// });
/// ```
///
/// # Cancellation
/// Safe.
#[track_caller]
pub fn stop_requested() -> Signal {
    Signal::new(Event::Stop, WaitKind::StopRequested)
}

/// The future of [`cancelled`] and [`stop_requested`]. Outside of any coroutine it is never ready.
///
/// ```
/// # use coscope::{Signal, prelude::*, stop_requested};
/// run_blocking(async |s: Scope| {
///     let asked: Signal = stop_requested(); // of whoever polls it
///     let job = s.launch(async { asked.await });
///     job.stop();
///     job.join().await;
/// });
/// ```
#[must_use = "it waits only when it is awaited"]
pub struct Signal {
    event: Event,
    waiting: Option<Waiting>,
    mark: Mark,
}

struct Waiting {
    node: NodeRef,
    number: Option<u64>,
    waker: Arc<Mutex<Option<Waker>>>,
}

impl Signal {
    #[track_caller]
    fn new(event: Event, kind: WaitKind) -> Self {
        Signal { event, waiting: None, mark: Mark::new(kind, Location::caller()) }
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
        gate::pass_marked(cx, if has_come { Poll::Ready(()) } else { Poll::Pending }, self.mark)
    }
}

/// In a select: the wish has come.
impl Clause for Signal {
    type Output = ();
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        if turn.ticket().is_some() { Poll::Pending } else { self.poll(turn.context()) }
    }
    fn take(self: Pin<&mut Self>) {}
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
