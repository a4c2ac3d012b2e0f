//! [`shield`]: a piece that a cancel from outside cannot cut.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::kept_panic::{Kept, KeptPanic, settled};
use super::region::{Mode, Polled, Region};
use crate::context::current;
use crate::job::NodeRef;
use crate::primitive::Ordering;

/// Runs `future` to its end even if the coroutine, or a timeout around, is cancelled meanwhile; the
/// cancel takes effect when the shield ends.
///
/// A scope opened inside is not cancelled either; a child launched inside on an outer scope belongs
/// to that scope. A region inside can still be cut by what is inside. What foreign code drops is
/// dropped, shield or not: [`run_to_completion`](crate::run_to_completion) survives that too.
///
/// ```
/// # use coscope::prelude::*;
/// # use std::time::Duration;
/// run_blocking(async |s: Scope| {
///     let (tx, rx) = std::sync::mpsc::channel();
///     let job = s.start(Start::Undispatched).launch(async move {
///         shield(async {
///             delay(Duration::from_millis(2)).await; // goes on although the job is cancelled
///             tx.send("committed").unwrap();
///         })
///         .await;
///         delay(Duration::from_secs(60)).await;      // cut here
///     });
///     job.cancel_and_join("shutting down").await;
///     assert_eq!(rx.recv(), Ok("committed"));
/// });
/// ```
///
/// # Cancellation
/// Not before it has ended.
///
/// # Panics
/// With the panic of the future, when what it has left behind has ended.
#[track_caller]
pub fn shield<F: Future>(future: F) -> Shield<F> {
    let mut region = Region::new("shield", Mode::Supervise);
    region.frame.shield = true;
    Shield { region, around: None, body: Some(future), result: None }
}

pin_project! {
    /// The future of [`shield`].
    ///
    /// ```
    /// # use coscope::{Shield, prelude::*};
    /// let kept: Shield<_> = shield(async { 42 });
    /// assert_eq!(run_blocking(async |_| kept.await), 42);
    /// ```
    #[must_use = "a shield runs only when it is awaited"]
    pub struct Shield<F: Future> {
        region: Region,
        around: Option<Around>,
        #[pin]
        body: Option<F>,
        result: Option<Kept<F::Output>>,
    }

    impl<F: Future> PinnedDrop for Shield<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.around.is_some() {
                this.region.abandon(|| this.body.set(None));
            }
        }
    }
}

/// The shield is counted in everything around it, from the innermost region to the coroutine.
struct Around(NodeRef);

impl Around {
    fn each(&self, mut f: impl FnMut(&NodeRef)) {
        let mut at = &self.0;
        loop {
            f(at);
            if !at.state.is_region() {
                return;
            }
            let Some(parent) = at.parent() else { return };
            at = parent;
        }
    }

    fn open() -> Self {
        let around = Around(current::innermost_or_root());
        around.each(|node| {
            node.shields.fetch_add(1, Ordering::AcqRel);
        });
        around
    }
}

impl Drop for Around {
    fn drop(&mut self) {
        self.each(|node| {
            let last = node.shields.fetch_sub(1, Ordering::AcqRel) == 1;
            if last && (node.state.is_cancelling() || node.state.is_region()) {
                // No wake is due for what waited for this (a cancel, the end of a timeout): whoever polls
                // the node looks after each poll, but the shield may have ended outside of one.
                node.on_unshielded();
            }
        });
    }
}

impl<F: Future> Future for Shield<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let region = &*this.region;
        if this.body.is_some() {
            if this.around.is_none() {
                *this.around = Some(Around::open());
            }
            match region.poll_body(this.body.as_mut(), cx) {
                Polled::Pending | Polled::Cut => return Poll::Pending,
                Polled::Ready(value) => *this.result = Some(Ok(value)),
                Polled::Panicked(payload) => {
                    *this.result = Some(Err(KeptPanic::new(payload)));
                    region.cancel_children("the shield around it panicked".into());
                }
            }
            if this.body.is_some() {
                region.cut_body(|| this.body.set(None));
            }
            region.end_body();
        }
        ready!(region.poll_joined(cx));
        *this.around = None;
        Poll::Ready(settled(this.result.take().expect("a shield was polled after it had ended")))
    }
}

impl<F: Future> fmt::Debug for Shield<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shield").field(&self.region).finish()
    }
}
