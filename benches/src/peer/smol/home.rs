//! smol's executors, and [`workers`], [`local`]: a parent on each.

use std::future::{Future, pending};
use std::thread;

use async_executor::StaticExecutor;
use smol::{Executor, LocalExecutor};

use crate::peer::{Run, Setup};
use crate::runtime::Runtime;
use crate::sample::Sample;

/// An executor with so many threads, which stay as long as the process.
pub(super) fn executor(threads: usize) -> &'static Executor<'static> {
    let executor: &'static Executor<'static> = Box::leak(Box::new(Executor::new()));
    for _ in 0..threads {
        thread::spawn(move || smol::block_on(executor.run(pending::<()>())));
    }
    executor
}

/// The same in its static form.
pub(super) fn static_executor(threads: usize) -> &'static StaticExecutor {
    static EXECUTOR: StaticExecutor = StaticExecutor::new();
    for _ in 0..threads {
        thread::spawn(|| smol::block_on(EXECUTOR.run(pending::<()>())));
    }
    &EXECUTOR
}

/// The parent is a task on a worker.
pub(super) fn workers<R, Fut>(
    setup: &Setup,
    executor: fn(usize) -> R,
    work: impl Fn(R, usize) -> Fut + 'static,
) -> Run
where
    R: Runtime + 'static,
    Fut: Future<Output = Sample> + Send + 'static,
{
    let executor = executor(setup.threads);
    Box::new(move |n| smol::block_on(executor.spawn(work(executor.clone(), n))))
}

/// The parent and all others are on this thread.
pub(super) fn local<Fut>(work: impl Fn(&'static LocalExecutor<'static>, usize) -> Fut + 'static) -> Run
where
    Fut: Future<Output = Sample> + 'static,
{
    let executor: &'static LocalExecutor<'static> = Box::leak(Box::new(LocalExecutor::new()));
    Box::new(move |n| smol::block_on(executor.run(executor.spawn(work(executor, n)))))
}
