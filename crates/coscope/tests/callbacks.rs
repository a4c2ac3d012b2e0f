//! A callback that is waited for: value, error, cancelled waits, resumers that come late, twice or not at all.
#![allow(missing_docs, clippy::disallowed_methods)]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use coscope::prelude::*;
use coscope::{Abandoned, Resumer, suspend_cancellable};
use coscope_test::run_test;

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn called_back_at_once() {
    let mut wait = pin!(suspend_cancellable(|resumer| resumer.resume(42).unwrap()));
    assert_eq!(poll(wait.as_mut()), Poll::Ready(Ok(42)));
}

#[test]
fn called_back_from_a_thread_with_value_or_error() {
    run_blocking(async |_: Scope| {
        for answer in [Ok(42), Err("no")] {
            let wait = suspend_cancellable(move |resumer| {
                std::thread::spawn(move || resumer.resume(answer).unwrap());
            });
            assert_eq!(wait.await, Ok(answer));
        }
    });
}

#[test]
fn the_first_of_two_clones_resumes() {
    let resumers = std::cell::RefCell::new(Vec::new());
    let mut wait = pin!(suspend_cancellable(|resumer: Resumer<&str>| {
        resumers.borrow_mut().extend([resumer.clone(), resumer]);
    }));
    assert!(poll(wait.as_mut()).is_pending());
    let mut resumers = resumers.take();
    let last = resumers.pop().unwrap();
    drop(resumers);
    assert!(!last.is_over());
    assert_eq!(last.resume("first"), Ok(()));
    assert_eq!(last.resume("second"), Err("second"));
    assert!(last.is_over());
    last.on_cancel(|| panic!("it was resumed"));
    assert_eq!(poll(wait.as_mut()), Poll::Ready(Ok("first")));
    last.on_cancel(|| panic!("it was resumed"));
    assert_eq!(last.resume("third"), Err("third"));
}

#[test]
fn a_callback_that_will_not_come_is_an_error() {
    let resumers = std::cell::RefCell::new(Vec::new());
    let mut wait = pin!(suspend_cancellable(|resumer: Resumer<()>| {
        resumers.borrow_mut().extend([resumer.clone(), resumer]);
    }));
    assert!(poll(wait.as_mut()).is_pending());
    resumers.borrow_mut().pop();
    assert!(poll(wait.as_mut()).is_pending());
    resumers.borrow_mut().pop();
    assert!(matches!(poll(wait.as_mut()), Poll::Ready(Err(Abandoned { .. }))));
    let mut dropped_at_once = pin!(suspend_cancellable(|_: Resumer<()>| {}));
    assert!(matches!(poll(dropped_at_once.as_mut()), Poll::Ready(Err(Abandoned { .. }))));
}

/// What is kept until the test asks for it.
#[derive(Clone, Default)]
struct Source(Arc<std::sync::Mutex<Option<Resumer<Arc<()>>>>>);

impl Source {
    fn listen(&self, resumer: Resumer<Arc<()>>) {
        *self.0.lock().unwrap() = Some(resumer);
    }
    fn take(&self) -> Resumer<Arc<()>> {
        self.0.lock().unwrap().take().unwrap()
    }
}

#[test]
fn a_cancelled_wait_takes_its_callback_back_once() {
    run_blocking(async |s: Scope| {
        let (source, cancels) = (Source::default(), Arc::new(AtomicUsize::new(0)));
        let (of_child, counted) = (source.clone(), cancels.clone());
        let child = s.launch(async move {
            let wait = suspend_cancellable(|resumer| {
                let counted = counted.clone();
                resumer.on_cancel(move || {
                    counted.fetch_add(1, SeqCst);
                });
                of_child.listen(resumer);
            });
            let _never = wait.await;
        });
        yield_now().await;
        assert_eq!(cancels.load(SeqCst), 0);
        child.cancel("enough");
        child.join().await;
        assert_eq!(cancels.load(SeqCst), 1);
        let (late, value) = (source.take(), Arc::new(()));
        assert!(late.is_over());
        assert_eq!(late.resume(value.clone()), Err(value));
        let counted = cancels.clone();
        late.on_cancel(move || {
            counted.fetch_add(1, SeqCst);
        });
        assert_eq!(cancels.load(SeqCst), 2, "too late to wait for it: at once");
    });
}

#[test]
fn a_value_that_nobody_takes_is_dropped() {
    let source = Source::default();
    let value = Arc::new(());
    {
        let mut wait = pin!(suspend_cancellable(|resumer| {
            resumer.on_cancel(|| panic!("it was resumed"));
            source.listen(resumer);
        }));
        assert!(poll(wait.as_mut()).is_pending());
        source.take().resume(value.clone()).unwrap();
        assert_eq!(Arc::strong_count(&value), 2);
    }
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
#[should_panic(expected = "on_cancel was called twice")]
fn one_hook_is_enough() {
    let mut wait = pin!(suspend_cancellable(|resumer: Resumer<()>| {
        resumer.on_cancel(|| {});
        resumer.on_cancel(|| {});
    }));
    let _panics = poll(wait.as_mut());
}

#[test]
fn nothing_starts_before_it_is_awaited() {
    let started = AtomicUsize::new(0);
    drop(suspend_cancellable(|_: Resumer<()>| {
        started.fetch_add(1, SeqCst);
    }));
    assert_eq!(started.load(SeqCst), 0);
}

#[test]
fn a_callback_of_a_real_thread_is_waited_for() {
    run_test(async |_: Scope| {
        let answer = suspend_cancellable(|resumer| {
            std::thread::spawn(move || resumer.resume(42).unwrap());
        });
        assert_eq!(answer.await, Ok(42));
    });
}

#[test]
fn a_callback_to_another_dispatcher_is_no_deadlock_however_it_races_with_the_look_for_one() {
    for _ in 0..200 {
        run_test(async |s: Scope| {
            let away = s.on(Dispatchers::io()).spawn(suspend_cancellable(|resumer| {
                std::thread::spawn(move || resumer.resume(42).unwrap());
            }));
            assert_eq!(away.await, Ok(42));
        });
    }
}

#[test]
fn a_suspended_wait_for_a_callback_does_not_hold_the_clock() {
    run_test(async |s: Scope| {
        let (begin, hour) = (coscope::now(), Duration::from_secs(3600));
        let (given, resumers) = std::sync::mpsc::channel();
        let wait = suspend_cancellable(move |resumer| given.send(resumer).unwrap());
        let waits = s.start(Start::Undispatched).spawn(wait);
        delay(hour).await;
        assert_eq!((coscope::now() - begin, waits.is_active()), (hour, true));
        // nothing else is left to do: the test waits for the callback, and no time passes
        let resumer = resumers.recv().unwrap();
        std::thread::spawn(move || resumer.resume(42).unwrap());
        assert_eq!(waits.await, Ok(42));
        assert_eq!(coscope::now() - begin, hour);
    });
}

#[test]
fn a_callback_that_does_not_come_does_not_stop_the_clock() {
    run_test(async |_: Scope| {
        let begin = coscope::now();
        let mut kept = None;
        let never = suspend_cancellable::<(), _>(|resumer| kept = Some(resumer));
        assert!(with_timeout(Duration::from_secs(3600), never).await.is_err());
        assert_eq!(coscope::now() - begin, Duration::from_secs(3600));
        drop(kept);
    });
}
