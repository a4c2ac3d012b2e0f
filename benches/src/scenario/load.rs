//! Fairness: all workers are busy with steps of a millisecond. How late a timer of 10 ms is then, and how long a task
//! that may block waits for its thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::row::{Bar, Pace, Row, Shows};
use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};

/// How long a step is busy.
const STEP: Duration = Duration::from_millis(1);
/// How many coroutines are busy, for each worker.
const BUSY: usize = 2;
/// The timer.
const TIMER: Duration = Duration::from_millis(10);
/// How often it is looked at in one process.
const LOOKS: usize = 200;

pub(crate) fn rows() -> Vec<Row> {
    let timer = "a timer of 10 ms, awaited beside coroutines that keep all workers busy, 1 ms a step: when it goes on";
    let blocking = "a task that may block, started beside coroutines that keep all workers busy, 1 ms a step: when it runs";
    let late = |id, about, most| {
        let mut row = Row::new(id, about, 1).bars(&[Bar::Late(most)]);
        (row.shows, row.pace) = (Shows::Late, Pace::Times(LOOKS));
        row
    };
    vec![late("Load-timer", timer, 12.0), late("Load-io", blocking, 2.0)]
}

/// What keeps the workers busy, until it is let go.
pub(crate) struct Load<H> {
    ends: &'static AtomicBool,
    busy: Vec<H>,
}

impl<H: Future<Output = ()>> Load<H> {
    /// Begins on so many workers.
    pub(crate) fn on<R: Runtime<Handle<()> = H>>(runtime: &R, workers: usize) -> Self {
        let ends: &'static AtomicBool = Box::leak(Box::default());
        let busy = || {
            runtime.spawn(async {
                while !ends.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    while began.elapsed() < STEP {
                        std::hint::spin_loop();
                    }
                    R::yield_now().await;
                }
            })
        };
        Load { ends, busy: (0..workers * BUSY).map(|_| busy()).collect() }
    }

    /// Lets the workers go.
    pub(crate) async fn end(self) {
        self.ends.store(true, Ordering::Relaxed);
        for busy in self.busy {
            busy.await;
        }
    }
}

/// A timer beside the load.
pub(crate) async fn timer<R: Runtime>(runtime: R, n: usize) -> Sample {
    let load = Load::on(&runtime, 2);
    let watch = Watch::start();
    R::sleep(TIMER).await;
    let sample = watch.stop(n, 1);
    load.end().await;
    sample
}

/// What `start` starts beside the load, once that is under way.
pub(crate) async fn beside<R: Runtime, F: Future<Output = Sample>>(
    runtime: R,
    start: impl FnOnce(Watch) -> F,
) -> Sample {
    let load = Load::on(&runtime, 2);
    R::sleep(2 * STEP).await;
    let sample = start(Watch::start()).await;
    load.end().await;
    sample
}
