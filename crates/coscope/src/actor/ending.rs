//! [`Ending`]: the body of a coroutine with a channel. However it ends, it tells the channel, before the body's own end of the
//! channel goes: a channel whose producer was cut must not look as if all had been said. Imports `channel`.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use coscope_core::{CoroutineInfo, try_current_job};
use pin_project_lite::pin_project;

use crate::channel::{Receiver, Sender, WeakSender};

/// What the body of a producer or an actor comes to: `()`, or a `Result<(), E>`. Sealed.
pub trait Ended: sealed::Sealed {
    #[doc(hidden)]
    fn has_failed(&self) -> bool;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<E> Sealed for Result<(), E> {}
}

impl Ended for () {
    fn has_failed(&self) -> bool {
        false
    }
}

impl<E> Ended for Result<(), E> {
    fn has_failed(&self) -> bool {
        self.is_err()
    }
}

/// Why a channel has ended: the coroutine behind it has. The cause of what its other end is told.
///
/// ```
/// use coscope::actor::Ending;
/// use coscope::prelude::*;
///
/// let all: Result<(), &str> = try_run_blocking(async |s| {
///     let numbers = supervisor_scope(async |s: Supervisor| {
///         let quiet = FailureHandler::new(|_| {});
///         s.on(quiet).try_produce(0, async |_to| Err::<(), _>("no numbers"))
///     });
///     let numbers: coscope::actor::Produced<u32> = numbers.await;
///     let error = numbers.recv().await.unwrap_err();
///     let ending: &Ending = error.cause().unwrap().downcast_ref().unwrap();
///     assert!(ending.is_failure());
///     Ok(())
/// });
/// assert_eq!(all, Ok(()));
/// ```
#[derive(Debug, Clone)]
pub struct Ending {
    role: Role,
    how: How,
    coroutine: Option<CoroutineInfo>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Producer,
    Actor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Returned,
    Failed,
    Panicked,
    Cancelled,
}

impl Ending {
    /// Whether the coroutine failed, by an `Err` or a panic; its scope, or its failure handler, has been told with what.
    pub fn is_failure(&self) -> bool {
        matches!(self.how, How::Failed | How::Panicked)
    }

    /// Whether the coroutine was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.how == How::Cancelled
    }

    /// Which coroutine.
    pub fn coroutine(&self) -> Option<&CoroutineInfo> {
        self.coroutine.as_ref()
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.role {
            Role::Producer => "the producer",
            Role::Actor => "the actor",
        })?;
        self.coroutine.iter().try_for_each(|coroutine| write!(f, " {coroutine},"))?;
        f.write_str(match self.how {
            How::Returned => " has returned",
            How::Failed => " failed",
            How::Panicked => " panicked",
            How::Cancelled => " was cancelled",
        })
    }
}

impl Error for Ending {}

/// The end of the channel that the body does not have to itself, so that it can be told.
pub(super) enum Held<T> {
    /// Of a producer. Only while it is polled: it may drop its sender before it returns.
    Sender(WeakSender<T>),
    /// Of an actor. All the time, or it would be cancelled before it is told why.
    Receiver(Receiver<T>),
}

pin_project! {
    /// A body, and the channel that is told how it ended.
    pub(super) struct Body<T, F> {
        told: Told<T>,
        #[pin]
        body: F,
    }

    impl<T, F> PinnedDrop for Body<T, F> {
        fn drop(this: Pin<&mut Self>) {
            // before the body is dropped, and with it its end of the channel
            this.project().told.tell(How::Cancelled);
        }
    }
}

impl<T, F> Body<T, F> {
    pub(super) fn new(held: Held<T>, body: F) -> Self {
        Body { told: Told(Some(held)), body }
    }
}

impl<T, F: Future<Output: Ended>> Future for Body<T, F> {
    type Output = F::Output;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _open = this.told.hold();
        let passing = Passing(this.told);
        let out = ready!(this.body.poll(cx));
        passing.0.tell(if out.has_failed() { How::Failed } else { How::Returned });
        Poll::Ready(out)
    }
}

/// Who is to be told, until it has been.
struct Told<T>(Option<Held<T>>);

impl<T> Told<T> {
    /// Keeps the channel open for a step: what the body drops at its end must not close it before it is told.
    fn hold(&self) -> Option<Sender<T>> {
        match &self.0 {
            Some(Held::Sender(sender)) => sender.upgrade(),
            _ => None,
        }
    }

    fn tell(&mut self, how: How) {
        let ending = |role| Ending { role, how, coroutine: try_current_job().map(|job| job.info()) };
        match self.0.take() {
            // others may hold its sender, and go on
            Some(Held::Sender(_)) if how == How::Returned => {}
            Some(Held::Sender(sender)) => {
                if let Some(sender) = sender.upgrade() {
                    sender.close_with(ending(Role::Producer));
                }
            }
            Some(Held::Receiver(mailbox)) => {
                mailbox.close_with(ending(Role::Actor));
            }
            None => {}
        }
    }
}

/// Tells of a panic that passes by.
struct Passing<'a, T>(&'a mut Told<T>);

impl<T> Drop for Passing<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.tell(How::Panicked);
        }
    }
}
