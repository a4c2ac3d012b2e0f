//! The queue of clean-ups: what was dropped with something still to do, in order of drop.
//!
//! A `Drop` cannot wait. So a `finally` or `defer` that is dropped puts its clean-up here, on the
//! innermost region or coroutine around, and so does a region that is dropped with children alive:
//! what was declared outside it is cleaned up after they have ended. One child runs the queue, in
//! turn and shielded. It is made when the first clean-up comes and ends when none is left; the job
//! waits for it as for any child.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::Poll;

use crate::context::{CoroutineContext, current};
use crate::job::{Joining, NodeRef};
use crate::task::policy::Plain;
use crate::task::{self, Launch};
use crate::time::Timer;
use crate::unwind;

/// A clean-up to run.
pub(crate) struct Cleanup {
    pub(crate) future: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(crate) site: &'static Location<'static>,
}

enum Entry {
    /// Wait until what a dropped region has left behind has ended.
    Region(NodeRef),
    Cleanup(Cleanup),
}

/// A job's queue. Lives under the lock of its node.
#[derive(Default)]
pub(crate) struct Finalizers {
    entries: VecDeque<Entry>,
    running: bool,
}

impl std::fmt::Debug for Finalizers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Finalizers({})", self.entries.len())
    }
}

/// A region was dropped with children alive. It needs no runner by itself: the tree waits for it.
pub(super) fn queue_region(region: NodeRef) {
    if let Some(node) = current::innermost() {
        with_queue(&node, |queue| queue.entries.push_back(Entry::Region(region)));
    }
}

/// Something was dropped that has a clean-up to run.
pub(super) fn queue_cleanup(cleanup: Cleanup) {
    let node = current::innermost_or_root();
    let first = with_queue(&node, |queue| {
        queue.entries.push_back(Entry::Cleanup(cleanup));
        !std::mem::replace(&mut queue.running, true)
    });
    if !first {
        return;
    }
    let context = current::context().for_child(&CoroutineContext::new());
    let launch = Launch {
        name: Some(Cow::Borrowed("finalizer")),
        context,
        site: Location::caller(),
        start: task::state::Birth::Scheduled,
        interest: false,
        shield: true,
        pinned: false,
    };
    // SAFETY: the future is `Send` and `'static`.
    unsafe { task::launch::<_, Plain>(&node, launch, run(node.clone())) };
}

fn with_queue<R>(node: &NodeRef, f: impl FnOnce(&mut Finalizers) -> R) -> R {
    f(node.guarded.lock().finalizers.get_or_insert_default())
}

/// Runs the queue of `node` until it is empty.
async fn run(node: NodeRef) {
    loop {
        let next = with_queue(&node, |queue| {
            let next = queue.entries.pop_front();
            queue.running = next.is_some();
            next
        });
        match next {
            None => return,
            Some(Entry::Region(region)) => {
                let joining = pin!(Joining::new(region));
                poll_fn(|cx| joining.as_ref().poll(cx)).await;
            }
            Some(Entry::Cleanup(cleanup)) => run_one(cleanup, &node).await,
        }
    }
}

/// Runs one clean-up to its end, its deadline or its panic. Neither of these stops the others.
async fn run_one(cleanup: Cleanup, node: &NodeRef) {
    let Cleanup { mut future, site } = cleanup;
    let clock = current::clock();
    let deadline = clock.now() + current::context().cleanup_deadline();
    let timer = pin!(Timer::new());
    let in_time = poll_fn(|cx| {
        let mut polled = Poll::Ready(true); // what a panic leaves
        unwind::contain("a clean-up", || polled = future.as_mut().poll(cx).map(|()| true));
        match polled {
            Poll::Pending => timer.as_ref().poll(&clock, deadline, cx.waker()).map(|()| false),
            ready => ready,
        }
    })
    .await;
    if !in_time {
        eprintln!(
            "coscope: the clean-up declared at {site}, of {}, was dropped: it took longer than its deadline of {:?}",
            owner(node).info(),
            current::context().cleanup_deadline(),
        );
    }
    unwind::drop_contained(future);
}

fn owner(node: &NodeRef) -> NodeRef {
    let mut at = node.clone();
    while at.state.is_region()
        && let Some(parent) = at.parent().cloned()
    {
        at = parent;
    }
    at
}
