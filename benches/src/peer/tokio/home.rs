//! tokio's runtimes, and [`workers`], [`current_thread`], [`local_set`]: a parent on each.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

use crate::peer::{Run, Setup};
use crate::sample::Sample;

/// With so many workers.
pub(super) fn multi(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(threads).enable_time().build().unwrap()
}

/// On the calling thread.
pub(super) fn single() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// The parent is a task on a worker.
pub(super) fn workers<Fut>(setup: &Setup, work: impl Fn(usize) -> Fut + 'static) -> Run
where
    Fut: Future<Output = Sample> + Send + 'static,
{
    let runtime = multi(setup.threads);
    Box::new(move |n| runtime.block_on(async { tokio::spawn(work(n)).await.unwrap() }))
}

/// The parent and all others are on this thread.
pub(super) fn current_thread<Fut>(work: impl Fn(usize) -> Fut + 'static) -> Run
where
    Fut: Future<Output = Sample> + Send + 'static,
{
    let runtime = single();
    Box::new(move |n| runtime.block_on(async { tokio::spawn(work(n)).await.unwrap() }))
}

/// The same, in a set of tasks that need not be `Send`.
pub(super) fn local_set<Fut>(work: impl Fn(usize) -> Fut + 'static) -> Run
where
    Fut: Future<Output = Sample> + 'static,
{
    let runtime = single();
    let set = LocalSet::new();
    Box::new(move |n| set.block_on(&runtime, async { tokio::task::spawn_local(work(n)).await.unwrap() }))
}
