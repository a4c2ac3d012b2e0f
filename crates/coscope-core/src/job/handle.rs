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
    pub fn cancel(&self, reason: impl Into<CancelReason>) -> bool {
        self.0.cancel(reason.into())
    }

    /// Cancels everything below the job, not the job itself.
    pub fn cancel_children(&self, reason: impl Into<CancelReason>) {
        self.0.cancel_children(reason.into());
    }

    /// Asks the job and all below it to come to an end by themselves: their
    /// [`stop_requested`](crate::stop_requested) returns. `false` if that was asked before.
    pub fn stop(&self) -> bool {
        self.0.stop()
    }

    /// Starts a lazy coroutine. `true` for the one call that started it.
    pub fn start(&self) -> bool {
        let first = self.0.state.start();
        if first {
            self.0.on_started();
        }
        first
    }

    /// The coroutines directly below, oldest first. What is inside a scope of the coroutine counts
    /// as its child.
    pub fn children(&self) -> Vec<Job> {
        let mut children = Vec::new();
        let mut regions = Vec::new();
        let mut gather = |node: &NodeRef, regions: &mut Vec<NodeRef>| {
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
        gather(&self.0, &mut regions);
        while let Some(region) = regions.pop() {
            gather(&region, &mut regions);
        }
        children.sort_by_key(|job| job.id());
        children
    }

    /// The coroutine or job that waits for this one; `None` for the root of the process and for a
    /// job that has completed.
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
    pub fn name(&self) -> &str {
        self.0.identity.name()
    }

    /// Its number, unique in the process and counted up from 1.
    pub fn id(&self) -> u64 {
        self.0.identity.id
    }

    /// Where it was launched.
    pub fn launched_at(&self) -> &'static Location<'static> {
        self.0.identity.site
    }

    /// Name, number and launch site as a value.
    pub fn info(&self) -> CoroutineInfo {
        self.0.info()
    }

    /// Whether it has been started, is not being cancelled and has not completed.
    pub fn is_active(&self) -> bool {
        self.0.state.is_active()
    }

    /// Whether it is being cancelled, or was before it completed.
    pub fn is_cancelled(&self) -> bool {
        if self.0.state.is_completed() { self.0.state.is_cut() } else { self.0.state.is_cancelling() }
    }

    /// Whether body, clean-up and children are all gone.
    pub fn is_completed(&self) -> bool {
        self.0.state.is_completed()
    }

    /// Whether it was asked to [`stop`](Self::stop).
    pub fn is_stop_requested(&self) -> bool {
        self.0.state.is_stopping()
    }

    /// Why it is being, or was, cancelled.
    pub fn cancel_reason(&self) -> Option<CancelReason> {
        self.is_cancelled().then(|| self.0.reason())
    }

    /// Calls `listener` once when the job has completed, at once if it has. On whatever thread
    /// completes it, with no lock held: it must be short and must not block.
    pub fn on_completion(&self, listener: impl FnOnce() + Send + 'static) -> Listener {
        self.listen(Event::Complete, listener)
    }

    /// Calls `listener` once when the job begins to be cancelled, or has completed without.
    pub fn on_cancelling(&self, listener: impl FnOnce() + Send + 'static) -> Listener {
        self.listen(Event::Cancel, listener)
    }

    /// Calls `listener` once when the job is asked to stop, or has completed without.
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
#[derive(Debug)]
pub struct Listener {
    node: Option<NodeRef>,
    number: u64,
}

impl Listener {
    /// Takes the listener back: it is not called if it has not been already.
    pub fn dispose(self) {
        if let Some(node) = &self.node {
            node.unlisten(self.number);
        }
    }
}
