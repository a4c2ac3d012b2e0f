//! [`Job`]: the handle to a place in the tree.

use std::fmt;
use std::panic::Location;

use super::listener::Event;
use super::node::NodeRef;
use crate::error::{CancelReason, CoroutineInfo};

/// A coroutine's place in the tree: its life cycle, its parent, its children, its cancellation.
///
/// A cheap handle: dropping it does nothing, and it never holds a result (a
/// [`Deferred`](crate::Deferred) does). Two handles are equal if they are of the same job.
///
/// | | `is_active` | `is_cancelled` | `is_completed` |
/// |---|---|---|---|
/// | new (lazy, not started) | no | no | no |
/// | active; its body has ended and children run | yes | no | no |
/// | being cancelled | no | yes | no |
/// | completed | no | no | yes |
/// | completed by cancellation | no | yes | yes |
///
/// ```
/// # use coscope::prelude::*;
/// run_blocking(async |s: Scope| {
///     let job = s.named("idle").launch(std::future::pending());
///     assert!(job.is_active());
///     job.cancel_and_join("not needed any more").await;
///     assert!(job.is_completed() && job.is_cancelled());
/// });
/// ```
#[derive(Clone)]
pub struct Job(pub(crate) NodeRef);

impl Job {
    pub(crate) fn node(&self) -> &NodeRef {
        &self.0
    }

    /// Cancels the job and all below it; `false` if it was being cancelled already or had completed.
    /// The first reason is kept.
    ///
    /// Returns at once: each coroutine is dropped where it is suspended, on its own dispatcher, and
    /// the job completes when all of them have been. [`join`](Self::join) waits for that.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(std::future::pending());
    ///     assert!(job.cancel("not needed any more"));
    ///     assert!(!job.cancel("said twice"));
    ///     job.join().await;
    ///     assert_eq!(job.cancel_reason().unwrap().as_str(), "not needed any more");
    /// });
    /// ```
    pub fn cancel(&self, reason: impl Into<CancelReason>) -> bool {
        self.0.cancel(reason.into())
    }

    /// Cancels everything below the job, not the job itself.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let parent = s.start(Start::Undispatched).launch(async {
    ///         scope(async |s: Scope| {
    ///             s.launch(std::future::pending());
    ///         })
    ///         .await;
    ///     });
    ///     parent.cancel_children("time for something else");
    ///     parent.join().await;               // its scope was waiting for the child
    ///     assert!(!parent.is_cancelled());
    /// });
    /// ```
    pub fn cancel_children(&self, reason: impl Into<CancelReason>) {
        self.0.cancel_children(reason.into());
    }

    /// Asks the job and all below it to come to an end by themselves: their
    /// [`stop_requested`](crate::stop_requested) returns. `false` if that was asked before.
    ///
    /// ```
    /// # use coscope::{prelude::*, stop_requested};
    /// run_blocking(async |s: Scope| {
    ///     let server = s.launch(async { stop_requested().await });
    ///     assert!(server.stop());
    ///     server.join().await;
    ///     assert!(!server.is_cancelled());   // it has come to its end by itself
    /// });
    /// ```
    pub fn stop(&self) -> bool {
        self.0.stop()
    }

    /// Starts a lazy coroutine. `true` for the one call that started it.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.start(Start::Lazy).launch(async {});
    ///     assert!(job.start());
    ///     assert!(!job.start());
    /// });
    /// ```
    pub fn start(&self) -> bool {
        let first = self.0.state.start();
        if first {
            self.0.on_started();
        }
        first
    }

    /// The coroutines directly below, oldest first; those of several scopes by their numbers. What is inside a scope
    /// of the coroutine counts as its child.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let parent = s.start(Start::Undispatched).launch(async {
    ///         scope(async |s: Scope| {
    ///             s.named("child").launch(std::future::pending());
    ///         })
    ///         .await;
    ///     });
    ///     assert_eq!(parent.children()[0].name(), "child");
    ///     parent.cancel_and_join("enough").await;
    ///     assert!(parent.children().is_empty());
    /// });
    /// ```
    pub fn children(&self) -> Vec<Job> {
        let mut children = Vec::new();
        let mut regions = Vec::new();
        let gather = |node: &NodeRef, children: &mut Vec<Job>, regions: &mut Vec<NodeRef>| {
            node.for_each_child(|child| {
                if child.state.is_completed() {
                    // it is about to leave
                } else if child.state.is_region() {
                    regions.push(child)
                } else {
                    children.push(Job(child))
                }
            });
        };
        gather(&self.0, &mut children, &mut regions);
        let mut lists = usize::from(!children.is_empty());
        while let Some(region) = regions.pop() {
            let before = children.len();
            gather(&region, &mut children, &mut regions);
            lists += usize::from(children.len() > before);
        }
        if lists > 1 {
            children.sort_by_key(|job| job.id());
        }
        children
    }

    /// The coroutine or job that waits for this one; `None` for the root of the process and for a
    /// job that has completed.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(async {});
    ///     assert_eq!(job.parent(), Some(current_job()));
    ///     job.join().await;
    ///     assert_eq!(job.parent(), None);
    /// });
    /// ```
    pub fn parent(&self) -> Option<Job> {
        if self.is_completed() {
            return None;
        }
        let above = || {
            let mut at = self.0.parent()?;
            while at.state.is_region() {
                at = at.parent()?;
            }
            Some(Job(at.clone()))
        };
        self.0.held(above)?
    }

    /// The name it was given, or `"coroutine"`.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     assert_eq!(s.named("reader").launch(async {}).name(), "reader");
    ///     assert_eq!(s.launch(async {}).name(), "coroutine");
    /// });
    /// ```
    pub fn name(&self) -> &str {
        self.0.identity.name()
    }

    /// Its number, from 1, unique in the process. What one thread launches is counted up; a thread takes some numbers at
    /// a time, so that of two that were launched by different threads the older one may have the higher number.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let (first, second) = (s.launch(async {}), s.launch(async {}));
    ///     assert!(first.id() < second.id());
    /// });
    /// ```
    pub fn id(&self) -> u64 {
        self.0.identity.id
    }

    /// Where it was launched.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(async {});
    ///     assert!(job.launched_at().file().ends_with(".rs"));
    /// });
    /// ```
    pub fn launched_at(&self) -> &'static Location<'static> {
        self.0.identity.site
    }

    /// Name, number and launch site as a value.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.named("reader").launch(async {});
    ///     let info = job.info();
    ///     assert_eq!((info.name(), info.id()), ("reader", job.id()));
    /// });
    /// ```
    pub fn info(&self) -> CoroutineInfo {
        self.0.info()
    }

    /// Whether it has been started, is not being cancelled and has not completed.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.start(Start::Lazy).launch(async {});
    ///     assert!(!job.is_active());
    ///     job.start();
    ///     assert!(job.is_active());
    ///     job.join().await;
    ///     assert!(!job.is_active());
    /// });
    /// ```
    pub fn is_active(&self) -> bool {
        self.0.state.is_active()
    }

    /// Whether it is being cancelled, or was before it completed.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(std::future::pending());
    ///     job.cancel("enough");
    ///     assert!(job.is_cancelled());       // at once, also before it has completed
    /// });
    /// ```
    pub fn is_cancelled(&self) -> bool {
        if self.0.state.is_completed() { self.0.state.is_cut() } else { self.0.state.is_cancelling() }
    }

    /// Whether body, clean-up and children are all gone.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(async {});
    ///     assert!(!job.is_completed());
    ///     job.join().await;
    ///     assert!(job.is_completed());
    /// });
    /// ```
    pub fn is_completed(&self) -> bool {
        self.0.state.is_completed()
    }

    /// Whether it was asked to [`stop`](Self::stop).
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.start(Start::Lazy).launch(async { assert!(current_job().is_stop_requested()) });
    ///     job.stop();
    ///     assert!(job.is_stop_requested());
    ///     job.join().await;
    /// });
    /// ```
    pub fn is_stop_requested(&self) -> bool {
        self.0.state.is_stopping()
    }

    /// Why it is being, or was, cancelled.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.launch(std::future::pending());
    ///     assert_eq!(job.cancel_reason(), None);
    ///     job.cancel("enough");
    ///     assert_eq!(job.cancel_reason().unwrap().as_str(), "enough");
    /// });
    /// ```
    pub fn cancel_reason(&self) -> Option<CancelReason> {
        self.is_cancelled().then(|| self.0.reason())
    }

    /// Calls `listener` once when the job has completed, at once if it has. On whatever thread
    /// completes it, with no lock held: it must be short and must not block.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// let (tx, rx) = std::sync::mpsc::channel();
    /// run_blocking(async |s: Scope| {
    ///     s.launch(async {}).on_completion(move || tx.send("completed").unwrap());
    /// });
    /// assert_eq!(rx.recv(), Ok("completed"));
    /// ```
    pub fn on_completion(&self, listener: impl FnOnce() + Send + 'static) -> Listener {
        self.listen(Event::Complete, listener)
    }

    /// Calls `listener` once when the job begins to be cancelled, or has completed without.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let (tx, rx) = std::sync::mpsc::channel();
    ///     let job = s.launch(std::future::pending());
    ///     job.on_cancelling(move || tx.send("cancelled").unwrap());
    ///     job.cancel("enough");
    ///     assert_eq!(rx.recv(), Ok("cancelled"));
    /// });
    /// ```
    pub fn on_cancelling(&self, listener: impl FnOnce() + Send + 'static) -> Listener {
        self.listen(Event::Cancel, listener)
    }

    /// Calls `listener` once when the job is asked to stop, or has completed without.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let (tx, rx) = std::sync::mpsc::channel();
    ///     let job = s.launch(coscope::stop_requested().into_future());
    ///     job.on_stop(move || tx.send("asked to stop").unwrap());
    ///     job.stop();
    ///     assert_eq!(rx.recv(), Ok("asked to stop"));
    /// });
    /// ```
    pub fn on_stop(&self, listener: impl FnOnce() + Send + 'static) -> Listener {
        self.listen(Event::Stop, listener)
    }

    fn listen(&self, event: Event, listener: impl FnOnce() + Send + 'static) -> Listener {
        let number = self.0.listen(event, Box::new(listener));
        Listener { node: number.map(|_| self.0.clone()), number: number.unwrap_or(0) }
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.0.same(&other.0)
    }
}
impl Eq for Job {}
impl std::hash::Hash for Job {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
/// `"fetch#12"{Active}`
impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A listener that is to be called. Dropping it changes nothing.
///
/// ```
/// # use coscope::{Listener, prelude::*};
/// run_blocking(async |s: Scope| {
///     let (tx, rx) = std::sync::mpsc::channel();
///     let job = s.launch(async {});
///     let listener: Listener = job.on_completion(move || tx.send(()).unwrap());
///     listener.dispose();
///     job.join().await;
///     assert!(rx.recv().is_err());       // never sent, and the listener is gone
/// });
/// ```
#[derive(Debug)]
pub struct Listener {
    node: Option<NodeRef>,
    number: u64,
}

impl Listener {
    /// Takes the listener back: it is not called if it has not been already.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// run_blocking(async |s: Scope| {
    ///     let (tx, rx) = std::sync::mpsc::channel::<()>();
    ///     let job = s.launch(std::future::pending());
    ///     job.on_cancelling(move || tx.send(()).unwrap()).dispose();
    ///     job.cancel_and_join("enough").await;
    ///     assert!(rx.recv().is_err());
    /// });
    /// ```
    pub fn dispose(self) {
        if let Some(node) = &self.node {
            node.unlisten(self.number);
        }
    }
}
