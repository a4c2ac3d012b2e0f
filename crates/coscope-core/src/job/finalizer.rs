//! The queue of clean-ups that a job has still to run. Who fills and runs it stands above, in `scope`.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;

use super::node::NodeRef;

/// A clean-up to run.
pub(crate) struct Cleanup {
    pub(crate) future: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(crate) site: &'static Location<'static>,
}

/// One entry of the queue.
pub(crate) enum Finalizer {
    /// Wait until what a dropped region has left behind has ended.
    Region(NodeRef),
    /// Run this.
    Cleanup(Cleanup),
}

/// A job's queue, in order of drop. Lives under the lock of its node.
#[derive(Default)]
pub(crate) struct Finalizers {
    pub(crate) entries: VecDeque<Finalizer>,
    /// One child runs the queue.
    pub(crate) running: bool,
}

impl fmt::Debug for Finalizers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finalizers({})", self.entries.len())
    }
}
