//! [`Job::join`]: waits until a job has completed.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::gate::{self, Mark, WaitKind};
use super::tell;
use crate::error::CancelReason;
use crate::job::{Job, Joining};
use crate::wait::{Clause, Turn};

impl Job {
    /// Cancels, and waits until nothing of the subtree runs any more.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(std::future::pending());
    ///     job.cancel_and_join("tired of waiting").await;
    ///     assert!(job.is_completed());       // nothing of it runs any more
    /// });
    /// ```
    ///
    /// # Cancellation
    /// As [`join`](Self::join): the wait can be cut, the cancel has been given by then.
    #[track_caller]
    pub fn cancel_and_join(&self, reason: impl Into<CancelReason>) -> Join {
        self.cancel(reason);
        self.join()
    }

    /// Waits until the job has completed, whatever came of it: its body is gone, its clean-up has
    /// run and its children have completed. Starts a lazy one.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(async {});
    ///     job.join().await;
    ///     assert!(job.is_completed());
    /// });
    /// ```
    ///
    /// # Cancellation
    /// Safe: a join that is cut waits no more and changes nothing.
    #[track_caller]
    pub fn join(&self) -> Join {
        self.join_at(Location::caller())
    }

    pub(crate) fn join_at(&self, site: &'static Location<'static>) -> Join {
        Join { joining: Joining::new(self.0.clone()), started: false, site }
    }
}

pin_project! {
    /// The future of [`Job::join`].
    ///
    /// ```
    /// # use coscope::{Join, prelude::*};
    /// run_blocking(async |s: Scope| {
    ///     let ended: Join = s.launch(async {}).join();
    ///     ended.await;
    /// });
    /// ```
    #[must_use = "a join waits only when it is awaited"]
    pub struct Join {
        #[pin]
        joining: Joining,
        started: bool,
        site: &'static Location<'static>,
    }
}

impl Future for Join {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if !std::mem::replace(this.started, true) {
            Job(this.joining.node().clone()).start();
        }
        let polled = tell::join(this.joining.as_ref(), cx, this.site);
        tell::joined(&this.joining, gate::pass_marked(cx, polled, Mark::new(WaitKind::Join, this.site)))
    }
}

/// In a select: the job has completed.
impl Clause for Join {
    type Output = ();
    fn poll_commit(self: Pin<&mut Self>, turn: &mut Turn<'_, '_>) -> Poll<()> {
        let this = self.project();
        if !std::mem::replace(this.started, true) {
            Job(this.joining.node().clone()).start();
        }
        tell::join_in_select(this.joining.as_ref(), turn, this.site)
    }
    fn take(self: Pin<&mut Self>) {
        let _ended = tell::joined(&self.joining, Poll::Ready(()));
    }
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Join").field(self.joining.node()).finish()
    }
}

/// Waits for every job, one after the other. Starts lazy ones, all at first.
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let jobs: Vec<Job> = (0..3).map(|_| s.launch(async {})).collect();
///     join_all(jobs.clone()).await;
///     assert!(jobs.iter().all(Job::is_completed));
/// });
/// ```
///
/// # Cancellation
/// Safe, as [`Job::join`].
#[track_caller]
pub fn join_all<I: IntoIterator<Item = Job>>(jobs: I) -> impl Future<Output = ()> + use<I> {
    join_all_at(jobs, Location::caller())
}

pub(crate) async fn join_all_at(jobs: impl IntoIterator<Item = Job>, site: &'static Location<'static>) {
    let jobs: Vec<Job> = jobs.into_iter().collect();
    for job in &jobs {
        job.start();
    }
    for job in jobs {
        job.join_at(site).await;
    }
}
