//! `spawn_blocking`, with as many threads as the row says; and tasks that suspend.

use std::hint::black_box;

use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;

use super::home;
use super::spawn::Anywhere;
use crate::peer::{Make, Run, Setup};
use crate::sample::{Sample, Watch};
use crate::scenario::w7::Kind;
use crate::scenario::{document, load, w8};

pub(super) fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W7-suspend" | "W7-block" | "W7-cpu" | "W7-memory" => table,
        "W8" => |_| blocking(w8::THREADS, || std::thread::sleep(w8::WAIT)),
        "S2" => |_| blocking(document::BLOCKED_THREADS, || std::thread::sleep(document::BLOCK)),
        "Load-io" => |setup| home::workers(setup, beside_load),
        "W12b" => |setup| home::workers(setup, there_and_back),
        _ => return None,
    })
}

fn wide(threads: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(threads)
        .thread_stack_size(256 * 1024)
        .enable_time()
        .build()
        .unwrap()
}

fn blocking(threads: usize, task: fn()) -> Run {
    let runtime = wide(threads);
    Box::new(move |n| runtime.block_on(async { tokio::spawn(block_all(n, task)).await.unwrap() }))
}

async fn block_all(n: usize, task: impl Fn() + Copy + Send + 'static) -> Sample {
    let watch = Watch::start();
    let tasks: Vec<_> = (0..n)
        .map(|_| {
            spawn_blocking(move || {
                task();
                1
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    watch.stop(done, n)
}

fn table(setup: &Setup) -> Run {
    let runtime = wide(setup.threads);
    let (threads, kind) = (setup.threads, Kind::of(setup.work).unwrap());
    Box::new(move |n| {
        runtime.block_on(async move {
            if kind == Kind::Suspend {
                tokio::spawn(suspend_all(n, kind, threads)).await.unwrap()
            } else {
                tokio::spawn(block_all(n, move || kind.occupy(threads))).await.unwrap()
            }
        })
    })
}

async fn suspend_all(n: usize, kind: Kind, threads: usize) -> Sample {
    let watch = Watch::start();
    let tasks: Vec<_> = (0..n)
        .map(|_| {
            tokio::spawn(async move {
                tokio::time::sleep(kind.wait(threads)).await;
                1
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    watch.stop(done, n)
}

async fn beside_load(n: usize) -> Sample {
    load::beside(Anywhere, async move |watch: Watch| spawn_blocking(move || watch.stop(n, 1)).await.unwrap())
        .await
}

async fn there_and_back(n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n {
        done += spawn_blocking(|| black_box(1)).await.unwrap();
    }
    watch.stop(done, n)
}
