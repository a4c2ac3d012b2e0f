//! The work that is written once for all, on smol's executors.

use std::future::Future;
use std::time::Duration;

use async_executor::StaticExecutor;
use futures::future::select_all;
use smol::lock::Mutex;
use smol::{Executor, LocalExecutor, Task, Timer};

use super::{cancel, home, switch};
use crate::peer::Make;
use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};
use crate::scenario::{load, w1, w2, w3c, w3d, w5, w6, w9, w12a};

macro_rules! runtime {
    ($($executor:ty),*) => {$(
        impl Runtime for &'static $executor {
            type Handle<T: Send + 'static> = Task<T>;
            fn spawn<F>(&self, future: F) -> Task<F::Output>
            where
                F: Future + Send + 'static,
                F::Output: Send + 'static,
            {
                <$executor>::spawn(self, future)
            }
            fn detach<T: Send + 'static>(handle: Task<T>) {
                handle.detach();
            }
            fn yield_now() -> impl Future<Output = ()> + Send {
                smol::future::yield_now()
            }
            fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
                let timer = Timer::after(time);
                async {
                    timer.await;
                }
            }
        }
    )*};
}
runtime!(Executor<'static>, StaticExecutor, LocalExecutor<'static>);

pub(super) fn workers(work: &str) -> Option<Make> {
    Some(match work {
        "W1a" => |setup| home::workers(setup, home::executor, w1::spawn_all),
        "W2-100k" => |setup| home::workers(setup, home::executor, w2::sleep_all),
        "W3c" => |setup| home::workers(setup, home::executor, w3c::count::<Mutex<usize>, _>),
        "W3d" => |setup| home::workers(setup, home::executor, w3d::count::<Mutex<usize>, _>),
        "W5-first" => |setup| home::workers(setup, home::executor, first),
        "W6" => |setup| home::workers(setup, home::executor, w6::fork_join),
        "W9-each" => |setup| home::workers(setup, home::executor, w9::one_by_one),
        "W9-batch" => |setup| home::workers(setup, home::executor, w9::batch),
        "W9-fire" => |setup| home::workers(setup, home::executor, w9::fire),
        "W10-flat" => |setup| home::workers(setup, home::executor, cancel::flat),
        "W10-tree" => |setup| home::workers(setup, home::executor, cancel::tree),
        "W12a-2" => |setup| home::workers(setup, home::executor, w12a::two),
        "W12a-1000" => |setup| home::workers(setup, home::executor, w12a::thousand),
        "Load-timer" => |setup| home::workers(setup, home::executor, load::timer),
        _ => return None,
    })
}

pub(super) fn static_workers(work: &str) -> Option<Make> {
    Some(match work {
        "W1a" => |setup| home::workers(setup, home::static_executor, w1::spawn_all),
        "W2-100k" => |setup| home::workers(setup, home::static_executor, w2::sleep_all),
        "W6" => |setup| home::workers(setup, home::static_executor, w6::fork_join),
        "W9-fire" => |setup| home::workers(setup, home::static_executor, w9::fire),
        "W10-flat" => |setup| home::workers(setup, home::static_executor, cancel::flat),
        "W10-tree" => |setup| home::workers(setup, home::static_executor, cancel::tree),
        "W12a-2" => |setup| home::workers(setup, home::static_executor, w12a::two),
        "W12a-1000" => |setup| home::workers(setup, home::static_executor, w12a::thousand),
        _ => return None,
    })
}

pub(super) fn local(work: &str) -> Option<Make> {
    Some(match work {
        "W1b" => |_| home::local(w1::spawn_all),
        "W3c-local" => |_| home::local(w3c::count::<Mutex<usize>, _>),
        "W3d-local" => |_| home::local(w3d::count::<Mutex<usize>, _>),
        "W12a-2-local" => |_| home::local(w12a::two),
        "W12a-1000-local" => |_| home::local(w12a::thousand),
        "W12d-timeout" => |_| home::local(switch::timeouts),
        "W12d-armed" => |_| home::local(switch::armed),
        "I-detached" => |_| home::local(switch::detached_one_shot),
        _ => return None,
    })
}

/// The first of so many tasks; the others are dropped, which cancels them.
async fn first(executor: &'static Executor<'static>, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n / w5::RESULTS {
        let (one, _, _rest) =
            select_all((0..w5::RESULTS).map(|_| executor.spawn(async { w5::RESULTS }))).await;
        done += one;
    }
    watch.stop(done, n / w5::RESULTS * w5::RESULTS)
}
