//! [`wait_blocking`]: a wait of ours on a thread that may block.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::dispatch::try_runtime;
use crate::primitive::{AtomicBool, Ordering, thread};

/// A thread that waits.
struct Parked {
    thread: thread::Thread,
    woken: AtomicBool,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Drives a future on the calling thread, which sleeps meanwhile. A thread of the pool lends its permit. For single waits: a
/// future that launches or wants a home is for `run_blocking`.
pub fn wait_blocking<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let parked = Arc::new(Parked { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(parked.clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
        let mut park = || {
            while !parked.woken.swap(false, Ordering::Acquire) {
                thread::park();
            }
        };
        match try_runtime() {
            Some(runtime) => runtime.block(&mut park),
            None => park(),
        }
    }
}
