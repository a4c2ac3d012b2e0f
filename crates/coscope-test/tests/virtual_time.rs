//! The hold on the clock: how far, in which order, and what holds it back.
#![allow(missing_docs)] // tests

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coscope_core::{Start, delay, with_context};
use coscope_scheduler::Dispatchers;
use coscope_test::{Test, TestScope};
use futures::channel::oneshot;

const SECOND: Duration = Duration::from_secs(1);

type Log = Arc<Mutex<Vec<u32>>>;

fn seen(log: &Log) -> Vec<u32> {
    log.lock().unwrap().clone()
}

/// Writes `number` after `duration`.
async fn write(log: Log, number: u32, duration: Duration) {
    delay(duration).await;
    log.lock().unwrap().push(number);
}

fn run<T: Send, Fut: Future<Output = T> + Send>(body: impl FnOnce(TestScope) -> Fut + Send) -> T {
    coscope_scheduler::install();
    Test::new().run(body)
}

#[test]
fn advance_by_stops_before_what_is_due_at_its_end() {
    run(async |t: TestScope| {
        let log = Log::default();
        for (number, at) in [(1, SECOND), (2, 2 * SECOND), (3, 3 * SECOND)] {
            t.launch(write(log.clone(), number, at));
        }
        t.run_current().await; // they set their timers
        t.advance_by(2 * SECOND).await;
        assert_eq!((seen(&log), t.current_time()), (vec![1], 2 * SECOND));
        t.run_current().await;
        assert_eq!((seen(&log), t.current_time()), (vec![1, 2], 2 * SECOND));
        t.advance_until_idle().await;
        assert_eq!((seen(&log), t.current_time()), (vec![1, 2, 3], 3 * SECOND));
        t.advance_by(60 * SECOND).await; // with nothing to do
        assert_eq!(t.current_time(), 63 * SECOND);
    });
}

#[test]
fn timers_of_one_instant_fire_in_the_order_in_which_they_were_set() {
    run(async |t: TestScope| {
        let log = Log::default();
        for number in 0..10 {
            t.launch(write(log.clone(), number, SECOND));
        }
        t.advance_until_idle().await;
        assert_eq!(seen(&log), (0..10).collect::<Vec<_>>());
    });
}

#[test]
fn the_background_ends_with_the_body_and_does_not_count_as_work() {
    let log = Log::default();
    let beats = log.clone();
    let at_the_end = run(async move |t: TestScope| {
        t.background_scope().launch(async move {
            loop {
                write(beats.clone(), 0, SECOND).await;
            }
        });
        t.launch(delay(5 * SECOND / 2));
        t.advance_until_idle().await;
        t.current_time()
    });
    assert_eq!(at_the_end, 5 * SECOND / 2);
    assert_eq!(seen(&log).len(), 2);
}

#[test]
fn a_step_on_a_real_dispatcher_holds_the_clock() {
    run(async |t: TestScope| {
        let (begun, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel();
        t.on(Dispatchers::io()).launch(async move {
            begun.send(()).unwrap();
            released.recv().unwrap();
        });
        // while that one blocks nothing moves; only this real thread lets it go
        #[allow(clippy::disallowed_methods)] // the world outside
        let thread = std::thread::spawn(move || {
            has_begun.recv().unwrap();
            release.send(()).unwrap();
        });
        let timer = t.spawn(delay(SECOND));
        with_context(Dispatchers::io(), async {}).await;
        assert_eq!(t.current_time(), Duration::ZERO);
        timer.await;
        assert_eq!(t.current_time(), SECOND);
        thread.join().unwrap();
    });
}

#[test]
fn announced_work_holds_the_clock() {
    run(async |t: TestScope| {
        let (value, work) = (coscope_core::CompletableDeferred::new(), t.real_work());
        let completes = value.clone();
        t.launch(delay(SECOND));
        #[allow(clippy::disallowed_methods)] // the world outside
        let thread = std::thread::spawn(move || {
            let _work = work;
            completes.complete(7).unwrap();
        });
        assert_eq!(value.wait().await.ok(), Some(7));
        assert_eq!(t.current_time(), Duration::ZERO);
        thread.join().unwrap();
    });
}

/// Gives `value` from a thread, when that has been let go.
fn from_a_thread(released: mpsc::Receiver<()>) -> oneshot::Receiver<u8> {
    let (sender, receiver) = oneshot::channel();
    #[allow(clippy::disallowed_methods)] // the world outside
    std::thread::spawn(move || {
        released.recv().unwrap();
        // so long that a loop which does not wait for this has come to its verdict
        std::thread::sleep(Duration::from_millis(20));
        sender.send(7).unwrap();
    });
    receiver
}

#[test]
fn a_foreign_future_that_somebody_may_wake_holds_the_clock() {
    run(async |t: TestScope| {
        let (release, released) = mpsc::channel();
        let answer = from_a_thread(released);
        t.launch(delay(SECOND));
        release.send(()).unwrap();
        assert_eq!(answer.await, Ok(7)); // no deadlock
        assert_eq!(t.current_time(), Duration::ZERO);
    });
}

#[test]
fn a_foreign_future_holds_the_clock_beside_a_wait_of_ours() {
    run(async |t: TestScope| {
        let (release, released) = mpsc::channel();
        let answer = from_a_thread(released);
        t.launch(delay(SECOND));
        release.send(()).unwrap();
        let both = async { futures::join!(answer, async { t.run_current().await }).0 };
        assert_eq!(both.await, Ok(7));
        assert_eq!(t.current_time(), Duration::ZERO);
    });
}

#[test]
fn what_nobody_can_wake_holds_nothing() {
    run(async |t: TestScope| {
        let idle = t.launch(std::future::pending());
        delay(SECOND).await;
        assert_eq!(t.current_time(), SECOND);
        idle.cancel("enough");
    });
}

#[test]
fn a_foreign_future_in_the_background_does_not_hold_the_clock() {
    run(async |t: TestScope| {
        let (release, released) = mpsc::channel();
        let answer = from_a_thread(released);
        t.background_scope().launch(async move { _ = answer.await });
        t.run_current().await;
        delay(SECOND).await;
        assert_eq!(t.current_time(), SECOND);
        release.send(()).unwrap();
    });
}

#[test]
fn every_dispatcher_under_test_has_the_one_clock() {
    run(async |t: TestScope| {
        Dispatchers::set_main(t.queued_dispatcher("main"));
        for place in [Dispatchers::main(), t.queued_dispatcher("other"), t.eager_dispatcher("eager")] {
            let before = t.current_time();
            with_context(place, delay(SECOND)).await;
            assert_eq!(t.current_time() - before, SECOND);
        }
        Dispatchers::reset_main();
    });
}

#[test]
fn an_eager_dispatcher_does_not_wait_for_the_queue() {
    run(async |t: TestScope| {
        let log = Log::default();
        let (queued, eager) = (log.clone(), log.clone());
        t.launch(async move { queued.lock().unwrap().push(1) });
        t.on(t.eager_dispatcher("eager")).launch(async move { eager.lock().unwrap().push(2) });
        t.start(Start::Default).launch(async {});
        t.run_current().await;
        assert_eq!(seen(&log), [2, 1]);
    });
}

#[test]
fn an_advance_that_is_dropped_is_forgotten() {
    run(async |t: TestScope| {
        let other = t.clone();
        let waits = t.launch(async move { other.advance_by(60 * SECOND).await });
        t.run_current().await;
        waits.cancel("no longer wanted");
        t.advance_until_idle().await;
        assert_eq!(t.current_time(), Duration::ZERO);
    });
}
