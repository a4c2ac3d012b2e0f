//! Cells of async-task in a plain queue on one thread: what a spawn costs without a runtime.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_task::{Runnable, Task};

use super::{Make, Peer, Run};
use crate::runtime::Runtime;
use crate::sample::Sample;
use crate::scenario::{w1, w12a};

pub(super) const PEERS: &[Peer] = &[Peer { name: "async-task + VecDeque (floor)", offer }];

thread_local! {
    static QUEUE: RefCell<VecDeque<Runnable>> = const { RefCell::new(VecDeque::new()) };
}

fn push(runnable: Runnable) {
    QUEUE.with_borrow_mut(|queue| queue.push_back(runnable));
}

#[derive(Clone, Copy)]
struct Queue;

impl Runtime for Queue {
    type Handle<T: Send + 'static> = Task<T>;
    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, task) = async_task::spawn(future, push);
        runnable.schedule();
        task
    }
    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }
    async fn sleep(_: Duration) {
        unreachable!("a queue has no timers");
    }
}

fn offer(work: &str) -> Option<Make> {
    Some(match work {
        "W1b" => |_| home(|n| w1::spawn_all(Queue, n)),
        "W12a-2-local" => |_| home(|n| w12a::two(Queue, n)),
        "W12a-1000-local" => |_| home(|n| w12a::thousand(Queue, n)),
        _ => return None,
    })
}

fn home<Fut>(work: impl Fn(usize) -> Fut + 'static) -> Run
where
    Fut: Future<Output = Sample> + Send + 'static,
{
    Box::new(move |n| {
        let mut parent = pin!(Queue.spawn(work(n)));
        loop {
            while let Some(runnable) = QUEUE.with_borrow_mut(VecDeque::pop_front) {
                runnable.run();
            }
            if let Poll::Ready(sample) = parent.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return sample;
            }
        }
    })
}
