//! [`oneshot`]: a channel for one message. Imports `error`.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use coscope_core::gate::{self, Mark, WaitKind};
use coscope_core::wait::{Clause, Turn, WaitCell, WaitFor};
use coscope_core::wait_blocking;
use pin_project_lite::pin_project;

/// A channel for one message: an answer. Dropping either end is seen by the other.
///
/// ```
/// use coscope::channel::oneshot;
///
/// coscope::run_blocking(async |s: coscope::Scope| {
///     let (tx, rx) = oneshot();
///     s.launch(async move { tx.send(42).unwrap() });
///     assert_eq!(rx.recv().await, Some(42));
/// });
/// ```
#[must_use]
pub fn oneshot<T>() -> (OneshotSender<T>, OneshotReceiver<T>) {
    let cell = WaitCell::new(Stage::Empty);
    (OneshotSender(cell.clone()), OneshotReceiver(cell))
}

enum Stage<T> {
    Empty,
    Sent(T),
    /// Received, or the sender has gone without.
    Over,
    /// The receiver has gone.
    Unwanted,
}

/// The sending end of a [`oneshot`].
///
/// ```
/// let (tx, rx) = coscope::channel::oneshot();
/// assert!(!tx.is_closed());
/// drop(rx);
/// assert!(tx.is_closed());
/// assert_eq!(tx.send(42), Err(42)); // it comes back
/// ```
pub struct OneshotSender<T>(WaitCell<Stage<T>>);

impl<T> OneshotSender<T> {
    /// Sends the message.
    ///
    /// # Errors
    /// The message back, if the receiver has gone.
    pub fn send(self, message: T) -> Result<(), T> {
        self.settle(Stage::Sent(message)).map_err(|stage| match stage {
            Stage::Sent(message) => message,
            _ => unreachable!("what was given comes back"),
        })
    }

    /// Whether the receiver has gone: nobody wants the message any more.
    pub fn is_closed(&self) -> bool {
        self.0.with(|stage| matches!(stage, Stage::Unwanted)).0
    }

    /// Waits until the receiver has gone.
    ///
    /// # Cancellation
    /// Safe.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let mark = Mark::new(WaitKind::Closed, Location::caller());
        async move {
            let waiting = std::pin::pin!(WaitFor::new(self.0.clone()));
            let waiting = waiting.into_ref();
            std::future::poll_fn(|cx| {
                let gone = waiting.poll(cx, |stage| matches!(stage, Stage::Unwanted).then_some(()));
                gate::pass_marked(cx, gone, mark)
            })
            .await;
        }
    }

    fn settle(&self, to: Stage<T>) -> Result<(), Stage<T>> {
        self.0.change(|stage| match stage {
            Stage::Empty => {
                *stage = to;
                Ok(())
            }
            _ => Err(to),
        })
    }
}

impl<T> Drop for OneshotSender<T> {
    fn drop(&mut self) {
        let _sent_before = self.settle(Stage::Over);
    }
}

impl<T> fmt::Debug for OneshotSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneshotSender")
    }
}

/// The receiving end of a [`oneshot`].
///
/// ```
/// let (tx, rx) = coscope::channel::oneshot::<u32>();
/// assert_eq!(rx.try_recv(), None);
/// drop(tx);
/// assert_eq!(rx.recv_blocking(), None); // it will not come
/// ```
pub struct OneshotReceiver<T>(WaitCell<Stage<T>>);

impl<T> OneshotReceiver<T> {
    /// Receives the message, or waits for it. `None` if the sender has gone without sending, or it has been received.
    ///
    /// # Cancellation
    /// Safe: it takes the message in the step in which it returns it.
    #[track_caller]
    pub fn recv(&self) -> OneshotRecv<'_, T> {
        self.recv_at(Location::caller())
    }

    pub(crate) fn recv_at(&self, site: &'static Location<'static>) -> OneshotRecv<'_, T> {
        OneshotRecv { waiting: WaitFor::new(self.0.clone()), of: self, site }
    }

    /// As [`recv`](Self::recv), on a thread that may block.
    pub fn recv_blocking(&self) -> Option<T> {
        wait_blocking(self.recv())
    }

    /// The message, if it is there; `None` as well if it will not come.
    pub fn try_recv(&self) -> Option<T> {
        self.take()
    }

    fn take(&self) -> Option<T> {
        let taken = self.0.with(|stage| match stage {
            Stage::Sent(_) => std::mem::replace(stage, Stage::Over),
            _ => Stage::Over,
        });
        match taken.0 {
            Stage::Sent(message) => Some(message),
            _ => None,
        }
    }
}

impl<T> Drop for OneshotReceiver<T> {
    fn drop(&mut self) {
        let Ok(left) = self.0.change(|stage| Ok::<_, Infallible>(std::mem::replace(stage, Stage::Unwanted)));
        drop(left);
    }
}

impl<T> fmt::Debug for OneshotReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneshotReceiver")
    }
}

pin_project! {
    /// The future, and the clause, of [`OneshotReceiver::recv`].
    #[must_use = "it waits only when it is awaited"]
    pub struct OneshotRecv<'a, T> {
        #[pin]
        waiting: WaitFor<Stage<T>>,
        of: &'a OneshotReceiver<T>,
        site: &'static Location<'static>,
    }
}

fn is_settled<T>(stage: &mut Stage<T>) -> Option<()> {
    (!matches!(stage, Stage::Empty)).then_some(())
}

impl<T> Future for OneshotRecv<'_, T> {
    type Output = Option<T>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.project();
        let settled = this.waiting.as_ref().poll(cx, is_settled);
        let mark = Mark::new(WaitKind::Oneshot, this.site);
        gate::pass_marked(cx, settled, mark).map(|()| this.of.take())
    }
}

impl<T> Clause for OneshotRecv<'_, T> {
    type Output = Option<T>;
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        self.project().waiting.as_ref().poll_commit(turn, is_settled)
    }
    fn take(self: Pin<&mut Self>) -> Option<T> {
        self.of.take()
    }
}

impl<T> fmt::Debug for OneshotRecv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneshotRecv")
    }
}
