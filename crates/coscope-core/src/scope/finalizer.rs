//! The queue of clean-ups: what was dropped with something still to do, in order of drop.
//!
//! A `Drop` cannot wait. So a `finally` or `defer` that is dropped puts its clean-up here, on the
//! innermost region or coroutine around, and so does a region that is dropped with children alive:
//! what was declared outside it is cleaned up after they have ended. One child runs the queue, in
//! turn and shielded. It is made when the first clean-up comes and ends when none is left; the job
//! waits for it as for any child.

use std::borrow::Cow;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::pin;
use std::task::Poll;

use crate::context::{CoroutineContext, current};
use crate::failure::{Failure, report};
use crate::job::{Cleanup, Finalizer, Finalizers, Job, Joining, NodeRef};
use crate::sight::tree;
use crate::suspend::gate::{self, Mark, WaitKind};
use crate::task::policy::Plain;
use crate::task::{self, Launch};
use crate::time::Timer;
use crate::unwind;

/// So many jobs are shown with a clean-up that was too slow.
const SHOWN: usize = 50;

/// A region was dropped with children alive. It needs no runner by itself: the tree waits for it.
pub(super) fn queue_region(region: NodeRef) {
    let Some(node) = current::innermost() else { return };
    let mut ended = Vec::new();
    with_queue(&node, |queue| {
        // those at the front that have ended keep nobody waiting: a long life does not gather them
        while let Some(Finalizer::Region(first)) = queue.entries.front()
            && first.state.is_completed()
        {
            ended.extend(queue.entries.pop_front());
        }
        queue.entries.push_back(Finalizer::Region(region));
    });
    drop(ended); // outside of the lock
}

/// Something was dropped that has a clean-up to run.
pub(super) fn queue_cleanup(cleanup: Cleanup) {
    let node = current::innermost_or_root();
    let first = with_queue(&node, |queue| {
        queue.entries.push_back(Finalizer::Cleanup(cleanup));
        !std::mem::replace(&mut queue.running, true)
    });
    if first {
        launch_runner(node);
    }
}

fn launch_runner(node: NodeRef) {
    let context = current::context().for_child(CoroutineContext::new());
    let launch = Launch {
        name: Some(Cow::Borrowed("finalizer")),
        context,
        site: Location::caller(),
        start: task::state::Birth::Scheduled,
        interest: false,
        shield: true,
        pinned: false,
    };
    let runner = Runner { node: node.clone(), done: false };
    task::launch_owned::<_, Plain>(&node, launch, run(runner));
}

/// Who runs a queue. Cut half-way (somebody has cancelled it by name), it leaves the rest to another one.
struct Runner {
    node: NodeRef,
    done: bool,
}

impl Drop for Runner {
    fn drop(&mut self) {
        if self.done || self.node.state.is_completed() {
            return;
        }
        let left = with_queue(&self.node, |queue| {
            queue.running = !queue.entries.is_empty();
            queue.running
        });
        if left {
            launch_runner(self.node.clone());
        }
    }
}

fn with_queue<R>(node: &NodeRef, f: impl FnOnce(&mut Finalizers) -> R) -> R {
    let mut guarded = node.guarded.lock();
    let _ended = !node.state.await_end(); // completion takes what is left
    f(&mut guarded.rare().finalizers)
}

/// Runs the queue until it is empty.
async fn run(mut runner: Runner) {
    let node = runner.node.clone();
    loop {
        let next = with_queue(&node, |queue| {
            let next = queue.entries.pop_front();
            queue.running = next.is_some();
            next
        });
        match next {
            None => {
                runner.done = true;
                return;
            }
            Some(Finalizer::Region(region)) => {
                let joining = pin!(Joining::new(region));
                let site = joining.node().identity.site;
                let mark = Mark::new(WaitKind::Children, site);
                poll_fn(|cx| {
                    let ended = joining.as_ref().poll(cx);
                    gate::pass_marked(cx, ended, mark)
                })
                .await;
            }
            Some(Finalizer::Cleanup(cleanup)) => run_one(cleanup, &node).await,
        }
    }
}

/// Runs one clean-up to its end, its deadline or its panic. Neither of these stops the others.
async fn run_one(cleanup: Cleanup, node: &NodeRef) {
    let Cleanup { mut future, site } = cleanup;
    let deadline = current::with_clock(|clock| clock.now()) + current::context().cleanup_deadline();
    let mut timer = pin!(Timer::new());
    let in_time = poll_fn(|cx| match unwind::catch(|| future.as_mut().poll(cx)) {
        Ok(Poll::Pending) => {
            current::with_clock(|clock| timer.as_mut().poll(clock, deadline, cx.waker())).map(|()| false)
        }
        Ok(Poll::Ready(())) => Poll::Ready(true),
        Err(payload) => {
            let failure = Failure::panic(payload, owner(node).info());
            report(current::context().failure_handler(), failure);
            Poll::Ready(true)
        }
    })
    .await;
    if !in_time {
        eprintln!(
            "coscope: the clean-up declared at {site}, of {}, was dropped: it took longer than its deadline of {:?}. \
             What ran then:\n{}",
            owner(node).info(),
            current::context().cleanup_deadline(),
            tree(&Job(owner(node)), SHOWN),
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
