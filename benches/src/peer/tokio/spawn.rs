//! The work that is written once for all, on tokio's tasks and local tasks.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::{home, oneshot, switch};
use crate::peer::Make;
use crate::runtime::Runtime;
use crate::scenario::{load, w1, w2, w3c, w3d, w6, w9, w12a};

/// The value alone: no task of the work panics or is aborted.
pub(super) struct Joined<T>(JoinHandle<T>);

impl<T> Future for Joined<T> {
    type Output = T;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Poll::Ready(ready!(Pin::new(&mut self.0).poll(cx)).unwrap())
    }
}

/// Any worker.
#[derive(Clone, Copy)]
pub(super) struct Anywhere;

impl Runtime for Anywhere {
    type Handle<T: Send + 'static> = Joined<T>;
    fn spawn<F>(&self, future: F) -> Joined<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Joined(tokio::spawn(future))
    }
    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
}

/// The local set.
#[derive(Clone, Copy)]
struct Here;

impl Runtime for Here {
    type Handle<T: Send + 'static> = Joined<T>;
    fn spawn<F>(&self, future: F) -> Joined<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Joined(tokio::task::spawn_local(future))
    }
    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
}

pub(super) fn workers(work: &str) -> Option<Make> {
    Some(match work {
        "W1a" => |setup| home::workers(setup, |n| w1::spawn_all(Anywhere, n)),
        "W2-100k" => |setup| home::workers(setup, |n| w2::sleep_all(Anywhere, n)),
        "W3c" => |setup| home::workers(setup, |n| w3c::count::<Mutex<usize>, _>(Anywhere, n)),
        "W3d" => |setup| home::workers(setup, |n| w3d::count::<Mutex<usize>, _>(Anywhere, n)),
        "W6" => |setup| home::workers(setup, |n| w6::fork_join(Anywhere, n)),
        "W9-each" => |setup| home::workers(setup, |n| w9::one_by_one(Anywhere, n)),
        "W9-batch" => |setup| home::workers(setup, |n| w9::batch(Anywhere, n)),
        "W9-fire" => |setup| home::workers(setup, |n| w9::fire(Anywhere, n)),
        "W12a-2" => |setup| home::workers(setup, |n| w12a::two(Anywhere, n)),
        "W12a-1000" => |setup| home::workers(setup, |n| w12a::thousand(Anywhere, n)),
        "Load-timer" => |setup| home::workers(setup, |n| load::timer(Anywhere, n)),
        "W12d-timeout" => |_| home::current_thread(switch::timeout),
        "W12d-armed" => |_| home::current_thread(switch::armed),
        _ => return None,
    })
}

pub(super) fn current_thread(work: &str) -> Option<Make> {
    Some(match work {
        "W1b" => |_| home::current_thread(|n| w1::spawn_all(Anywhere, n)),
        "W3c-local" => |_| home::current_thread(|n| w3c::count::<Mutex<usize>, _>(Anywhere, n)),
        "W3d-local" => |_| home::current_thread(|n| w3d::count::<Mutex<usize>, _>(Anywhere, n)),
        "W12a-2-local" => |_| home::current_thread(|n| w12a::two(Anywhere, n)),
        "W12a-1000-local" => |_| home::current_thread(|n| w12a::thousand(Anywhere, n)),
        "I-detached" => |_| home::current_thread(oneshot::detached),
        "I-inline" => |_| home::current_thread(oneshot::in_line),
        _ => return None,
    })
}

pub(super) fn local_set(work: &str) -> Option<Make> {
    Some(match work {
        "W1b" => |_| home::local_set(|n| w1::spawn_all(Here, n)),
        "W12a-2-local" => |_| home::local_set(|n| w12a::two(Here, n)),
        "W12a-1000-local" => |_| home::local_set(|n| w12a::thousand(Here, n)),
        _ => return None,
    })
}
