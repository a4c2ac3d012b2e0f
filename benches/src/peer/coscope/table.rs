//! The documents' table, and tasks that block: on IO, on views with a limit, on threads of their own.

use std::thread::sleep;

use coscope::{Dispatcher, Dispatchers, Scope, delay, run_blocking_on, scope};

use super::home;
use crate::peer::{Make, Run, Setup};
use crate::sample::{Sample, Watch};
use crate::scenario::w7::Kind;
use crate::scenario::{document, w8};

/// The dispatcher with so many threads.
fn of_threads(threads: usize) -> Dispatcher {
    match threads {
        1 => Dispatchers::single_thread("barista"),
        2 => Dispatchers::default(),
        64 => Dispatchers::io(),
        _ => Dispatchers::fixed_pool(threads, "barista"),
    }
}

pub(super) fn table(setup: &Setup) -> Run {
    let on = of_threads(setup.threads);
    let (threads, kind) = (setup.threads, Kind::of(setup.work).unwrap());
    Box::new(move |n| {
        let ideal = kind.ideal(n, threads);
        let sample = run_blocking_on(Dispatchers::default(), async |_: Scope| {
            let watch = Watch::start();
            let done = scope(async |all: Scope| {
                let orders: Vec<_> = (0..n)
                    .map(|_| {
                        all.on(&on).spawn(async move {
                            match kind {
                                Kind::Suspend => delay(kind.wait(threads)).await,
                                _ => kind.occupy(threads),
                            }
                            1
                        })
                    })
                    .collect();
                let mut done = 0;
                for order in orders {
                    done += order.await;
                }
                done
            })
            .await;
            watch.stop(done, n)
        });
        Sample { ideal: Some(ideal), ..sample }
    })
}

async fn block(on: &Dispatcher, n: usize, task: impl Fn() + Copy + Send + 'static) -> usize {
    scope(async |all: Scope| {
        let tasks: Vec<_> = (0..n)
            .map(|_| {
                all.on(on).spawn(async move {
                    task();
                    1
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += task.await;
        }
        done
    })
    .await
}

pub(super) async fn block_all(_: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let done = block(&Dispatchers::limited(w8::THREADS), n, || sleep(w8::WAIT)).await;
    watch.stop(done, n)
}

pub(super) async fn blocked(_: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let limited = Dispatchers::limited(document::BLOCKED_THREADS);
    let done = block(&limited, n, || sleep(document::BLOCK)).await;
    watch.stop(done, n)
}

/// As many on IO, at the same time, which has too few threads for them.
pub(super) async fn beside_io(parent: Scope, n: usize) -> Sample {
    at_once(parent, n).await.0
}

/// How long those on IO take.
pub(super) fn on_io(work: &str) -> Option<Make> {
    Some(match work {
        "S1" => |_| home::pool(async |parent, n| at_once(parent, n).await.1),
        _ => return None,
    })
}

async fn at_once(parent: Scope, n: usize) -> (Sample, Sample) {
    let io = parent.spawn(block_on(Dispatchers::io(), n));
    (block_on(Dispatchers::limited(n), n).await, io.await)
}

async fn block_on(on: Dispatcher, n: usize) -> Sample {
    let watch = Watch::start();
    let done = block(&on, n, || sleep(document::BLOCK)).await;
    watch.stop(done, n)
}
