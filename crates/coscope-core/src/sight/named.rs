//! [`Named`]: a name for a foreign future, so that it is not just "a foreign future" in a dump.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::context::current;
use crate::mark::{Labelled, Mark};

/// Gives a future a name, by which those who look see where its coroutine is suspended.
///
/// ```
/// # use coscope::{prelude::*, sight::{Named, WaitKind}};
/// run_blocking(async |s: Scope| {
///     let query = async { std::future::pending::<()>().named("db pool").await };
///     let job = s.start(Start::Undispatched).launch(query);
///     let wait = job.sight().wait.unwrap();
///     assert_eq!((wait.kind, wait.label), (WaitKind::Foreign, Some("db pool")));
///     job.cancel("seen");
/// });
/// ```
pub trait Named: Future + Sized {
    /// The same future, called `label` while it is pending. Where it is pending in one of our own waits, that is what is
    /// seen. A name is kept for ever, once for each place that gives it.
    #[track_caller]
    fn named(self, label: &'static str) -> Foreign<Self> {
        Foreign { label, site: Location::caller(), labelled: None, future: self }
    }
}

impl<F: Future> Named for F {}

pin_project! {
    /// The future of [`Named::named`].
    ///
    /// ```
    /// # use coscope::{prelude::*, sight::{Foreign, Named}};
    /// let answer: Foreign<std::future::Ready<i32>> = std::future::ready(42).named("oracle");
    /// assert_eq!(run_blocking(async |_: Scope| answer.await), 42);
    /// ```
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Foreign<F> {
        label: &'static str,
        site: &'static Location<'static>,
        labelled: Option<&'static Labelled>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Foreign<F> {
    type Output = F::Output;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let (polled, before) = current::apart(|| this.future.poll(cx));
        if polled.is_ready() {
            current::leave(before);
        } else {
            current::wraps_a_wait(this.site);
            let (label, site, labelled) = (this.label, this.site, this.labelled);
            current::waits_at_least(|| {
                Mark::foreign(labelled.get_or_insert_with(|| Labelled::interned(label, site)))
            });
        }
        polled
    }
}

impl<F> fmt::Debug for Foreign<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Foreign").field(&self.label).finish()
    }
}
