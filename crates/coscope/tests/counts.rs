//! What [`Counts`] counts: exact figures, so there is one test in this process.

use std::sync::Arc;

use coscope::prelude::*;
use coscope::probe::{self, Counts};
use coscope::sync::Mutex;

#[test]
fn everything_is_counted_once() {
    let counts = Arc::new(Counts::new());
    let listening = probe::install(counts.clone());
    let inside = counts.clone();
    run_blocking(async |_| {
        supervisor_scope(async |s: Supervisor| {
            let mutex = Arc::new(Mutex::new(()));
            let held = mutex.clone().lock_owned().await;
            let waits = s.spawn(async move { drop(mutex.lock().await) });
            let yields = s.spawn(async { yield_now().await });
            let cut = s.spawn(std::future::pending::<()>());
            yield_now().await; // each of them has had a step
            let now = inside.metrics();
            assert_eq!((now.launched, now.completed(), now.alive()), (4, 0, 4));
            assert_eq!((now.steps, now.yields, now.waits, now.wakes), (4, 2, 1, 0));
            drop(held);
            waits.await.unwrap();
            yields.await.unwrap();
            cut.cancel("enough");
            assert!(cut.await.unwrap_err().is_cancelled());
            s.spawn(async { panic!("on purpose") }).await.unwrap_err();
            s.try_spawn(async { Err::<(), _>("no") }).await.unwrap_err();
        })
        .await;
    });
    drop(listening);
    run_blocking(async |_| {}); // nobody counts any more
    let now = counts.metrics();
    assert_eq!((now.launched, now.completed(), now.alive()), (6, 6, 0));
    assert_eq!((now.values, now.failed, now.panicked, now.cancelled, now.cancels), (3, 1, 1, 1, 1));
}
