//! What whole coroutines need under the model checker: a dispatcher whose steps are run by whoever
//! drives it, a clock that stands, futures that are woken from outside.
#![allow(dead_code)] // each model uses some of it

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst}; // counts only: not for the checker to see
use std::task::{Context, Poll, Wake, Waker};

use coscope_core::Job;
use coscope_core::dispatch::{Dispatch, Dispatcher, Runnable};
use coscope_core::model::{Node, Told};
use coscope_core::time::{Clock, Instant, Timers};
use loom::cell::UnsafeCell;
use loom::sync::{Condvar, Mutex};

/// A queue of steps.
pub struct Pool {
    queue: Mutex<VecDeque<Runnable>>,
    changed: Condvar,
    clock: Arc<Standing>,
}

struct Standing(Arc<Timers>);

impl Clock for Standing {
    fn now(&self) -> Instant {
        Instant::ZERO
    }
    fn timers(&self) -> &Arc<Timers> {
        &self.0
    }
    fn wake_by(&self, _: Instant) {}
}

struct Handle(Arc<Pool>);

impl Dispatch for Handle {
    fn dispatch(&self, runnable: Runnable) {
        self.0.queue.lock().unwrap().push_back(runnable);
        self.0.changed.notify_all();
    }
    fn show_clock(&self, to: &mut dyn FnMut(&dyn Clock)) {
        to(&*self.0.clock);
    }
    fn name(&self) -> &str {
        "pool"
    }
}

impl Pool {
    pub fn new() -> Arc<Self> {
        let clock = Arc::new(Standing(Timers::new(1)));
        Arc::new(Pool { queue: Mutex::new(VecDeque::new()), changed: Condvar::new(), clock })
    }

    pub fn dispatcher(self: &Arc<Self>) -> Dispatcher {
        Dispatcher::new(Handle(self.clone()))
    }

    /// Runs steps until `job` has completed. Deadlocks, and the checker says so, if a step is lost.
    pub fn drive(self: &Arc<Self>, job: &Job) {
        let pool = self.clone();
        let _called = job.on_completion(move || {
            drop(pool.queue.lock().unwrap());
            pool.changed.notify_all();
        });
        loop {
            let step = {
                let mut queue = self.queue.lock().unwrap();
                loop {
                    if job.is_completed() {
                        return;
                    }
                    if let Some(step) = queue.pop_front() {
                        break step;
                    }
                    queue = self.changed.wait(queue).unwrap();
                }
            };
            step.run();
        }
    }

    /// Runs the step that is queued.
    pub fn run_one(&self) {
        let step = self.queue.lock().unwrap().pop_front().expect("a step is queued");
        step.run();
    }

    pub fn is_empty(&self) -> bool {
        self.queue.lock().unwrap().is_empty()
    }
}

/// A value whose every use the checker watches: two at once, or one that does not see the last, and it
/// says so.
pub struct Watched<T>(UnsafeCell<T>);

// SAFETY: (this and the following) that no two uses are at once is what the checker checks.
unsafe impl<T: Send> Send for Watched<T> {}
// SAFETY: see above.
unsafe impl<T: Send> Sync for Watched<T> {}

impl<T> Watched<T> {
    pub fn new(value: T) -> Self {
        Watched(UnsafeCell::new(value))
    }
    /// Counts as a write.
    pub fn change<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: as above: the checker stops before a second use.
        self.0.with_mut(|value| f(unsafe { &mut *value }))
    }
    /// Counts as a read.
    pub fn get(&self) -> T
    where
        T: Copy,
    {
        // SAFETY: as above.
        self.0.with(|value| unsafe { *value })
    }
}

/// Counts what happens.
#[derive(Default)]
pub struct Tally(AtomicUsize);

impl Tally {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }
    pub fn add(&self) {
        self.0.fetch_add(1, SeqCst);
    }
    pub fn get(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// Adds one when it is dropped.
pub struct Dropped(pub Arc<Tally>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add();
    }
}

/// A node to launch below, which counts how often it completes and is freed.
pub fn root(completed: &Arc<Tally>, freed: &Arc<Tally>) -> Node {
    let (completed, freed) = (completed.clone(), freed.clone());
    Node::new(None, false, move |told| match told {
        Told::Completed => completed.add(),
        Told::Freed => freed.add(),
        Told::Cancelled => {}
    })
}

/// A flag that a future waits for.
#[derive(Default)]
pub struct Gate(Mutex<(bool, Option<Waker>)>);

impl Gate {
    pub fn new() -> Arc<Self> {
        Arc::new(Gate(Mutex::new((false, None))))
    }
    pub fn open(&self) {
        let waker = {
            let mut gate = self.0.lock().unwrap();
            gate.0 = true;
            gate.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
    pub async fn passed(&self) {
        std::future::poll_fn(|cx| {
            let waker = cx.waker().clone();
            let mut gate = self.0.lock().unwrap();
            if gate.0 {
                return Poll::Ready(());
            }
            let old = gate.1.replace(waker);
            drop(gate);
            drop(old);
            Poll::Pending
        })
        .await;
    }
}

/// A thread that waits for a future.
pub struct Parked {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

/// Polls until it is ready. Deadlocks, and the checker says so, if a wake is lost.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let parked = Arc::new(Parked { woken: Mutex::new(false), changed: Condvar::new() });
    let waker = Waker::from(parked.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        let mut woken = parked.woken.lock().unwrap();
        while !*woken {
            woken = parked.changed.wait(woken).unwrap();
        }
        *woken = false;
    }
}

/// Polls once, with a waker of its own.
pub fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    let parked = Arc::new(Parked { woken: Mutex::new(false), changed: Condvar::new() });
    future.poll(&mut Context::from_waker(&Waker::from(parked)))
}
