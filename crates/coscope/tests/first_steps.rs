//! The first things that a user does, each exactly.
#![allow(missing_docs)]
#![allow(clippy::disallowed_methods)] // tests have threads of their own, and catch what they provoke
use coscope::prelude::*;
use coscope_test::run_test;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Log = Arc<Mutex<Vec<String>>>;
fn say(log: &Log, s: impl Into<String>) {
    log.lock().unwrap().push(s.into());
}
const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn hello() {
    let log: Log = Arc::default();
    let l = log.clone();
    run_blocking(async |s: Scope| {
        let l2 = l.clone();
        s.launch(async move {
            delay(ms(20)).await;
            say(&l2, "World!");
        });
        say(&l, "Hello,");
    });
    assert_eq!(*log.lock().unwrap(), ["Hello,", "World!"]);
}

#[test]
fn pool_sum() {
    let n = run_blocking(async |s: Scope| {
        let v: Vec<_> =
            (0..10_000u64).map(|i| s.on(Dispatchers::default()).spawn(async move { i })).collect();
        await_all(v).await.into_iter().sum::<u64>()
    });
    assert_eq!(n, 10_000 * 9_999 / 2);
}

#[test]
fn cancel_finally() {
    let log: Log = Arc::default();
    let l = log.clone();
    run_test(async |s: Scope| {
        let l2 = l.clone();
        let l3 = l.clone();
        let job = s.launch(async move {
            async {
                for i in 0..1000 {
                    say(&l2, format!("I'm sleeping {i} ..."));
                    delay(ms(500)).await;
                }
            }
            .finally(async move {
                delay(ms(1000)).await;
                say(&l3, "finally");
            })
            .await;
        });
        delay(ms(1300)).await;
        say(&l, "tired");
        let before = coscope::now();
        job.cancel_and_join("tired").await;
        assert_eq!(coscope::now() - before, ms(1000));
        say(&l, "quit");
    });
    assert_eq!(
        *log.lock().unwrap(),
        ["I'm sleeping 0 ...", "I'm sleeping 1 ...", "I'm sleeping 2 ...", "tired", "finally", "quit"]
    );
}

#[test]
fn failing_scope() {
    let log: Log = Arc::default();
    let l = log.clone();
    let r: Result<i32, String> = run_test(async |_| {
        try_scope(async |s: Scope<String>| {
            let l2 = l.clone();
            struct OnDrop(Log);
            impl Drop for OnDrop {
                fn drop(&mut self) {
                    say(&self.0, "First child was cancelled");
                }
            }
            let one = s.try_spawn::<_, i32, String>(async move {
                let _d = OnDrop(l2);
                delay(Duration::MAX).await;
                Ok(42)
            });
            let l3 = l.clone();
            let two = s.try_spawn::<_, i32, String>(async move {
                say(&l3, "Second child throws an exception");
                Err("arith".to_string())
            });
            Ok(one.await + two.await)
        })
        .await
    });
    assert_eq!(r, Err("arith".into()));
    assert_eq!(*log.lock().unwrap(), ["Second child throws an exception", "First child was cancelled"]);
}

#[test]
fn contexts() {
    run_blocking(async |_s: Scope| {
        let home = std::thread::current().id();
        let own = Dispatchers::single_thread("MyOwn");
        let name = with_context(own.clone(), async {
            delay(ms(5)).await;
            std::thread::current().name().unwrap().to_owned()
        })
        .await;
        assert_eq!(name, "MyOwn");
        assert_eq!(home, std::thread::current().id());
        let (a, b) = with_context(Dispatchers::default(), async {
            let a = std::thread::current().name().unwrap().to_owned();
            let b =
                with_context(Dispatchers::io(), async { std::thread::current().name().unwrap().to_owned() })
                    .await;
            (a, b)
        })
        .await;
        assert_eq!(a, b);
        assert!(a.starts_with("DefaultDispatcher-worker-"));
        assert_eq!(home, std::thread::current().id());
    });
}

#[test]
fn locals() {
    let v = std::cell::RefCell::new(vec![1]);
    let n = run_local(async |s: LocalScope| {
        let d = s.spawn(async {
            v.borrow_mut().push(2);
            v.borrow().len()
        });
        s.launch(async {
            yield_now().await;
            v.borrow_mut().push(3);
        });
        d.await
    });
    assert_eq!(n, 2);
    assert_eq!(*v.borrow(), [1, 2, 3]);
}

#[test]
fn timeouts() {
    run_test(async |_| {
        let r = with_timeout(ms(1300), async {
            loop {
                delay(ms(500)).await;
            }
        })
        .await;
        let _: Result<(), _> = r;
        assert_eq!(coscope::now().as_nanos(), 1 + 1_300_000_000);
    });
}

#[test]
fn panics_travel() {
    let r = std::panic::catch_unwind(|| {
        run_blocking(async |s: Scope| {
            s.launch(async { panic!("boom") });
            delay(Duration::MAX).await;
        })
    });
    assert_eq!(*r.unwrap_err().downcast_ref::<&str>().unwrap(), "boom");
}
