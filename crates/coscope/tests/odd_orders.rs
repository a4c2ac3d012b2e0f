//! Odd orders: scopes that are forgotten, moved or dropped by foreign code, handles used after the
//! end, dispatchers that refuse, clean-up in order of drop, coroutines that nobody can start.
//! Hunts hangs, lost values and values that outlive their scope.
#![allow(missing_docs, clippy::disallowed_methods, clippy::type_complexity)] // tests catch what they provoke

use ::core::prelude::v1::test; // and not that of coscope
use coscope::prelude::*;
use coscope::*;
use coscope_test::run_test;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Log = Arc<Mutex<Vec<String>>>;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn say(log: &Log, line: &str) {
    log.lock().unwrap().push(line.into())
}

/// Says so when it is dropped.
struct D(Log, &'static str);

impl Drop for D {
    fn drop(&mut self) {
        say(&self.0, self.1)
    }
}

#[test]
fn forgotten_region() {
    run_test(async |s: Scope| {
        let j = s.launch(async {
            let mut f = Box::pin(scope(async |s: Scope| {
                s.launch(delay(Duration::MAX));
                delay(Duration::MAX).await
            }));
            futures::future::poll_fn(|cx| {
                let _ = f.as_mut().poll(cx);
                std::task::Poll::Ready(())
            })
            .await;
            std::mem::forget(f);
        });
        j.join().await;
    });
}

#[test]
fn moved_region_panics() {
    let stash: Arc<Mutex<Option<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>>>> = Arc::default();
    let st = stash.clone();
    run_test(async |s: Scope| {
        let st2 = st.clone();
        s.launch(async move {
            let mut f: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> =
                Box::pin(scope(async |s: Scope| {
                    s.launch(delay(Duration::MAX));
                    delay(Duration::MAX).await
                }));
            futures::future::poll_fn(|cx| {
                let _ = f.as_mut().poll(cx);
                std::task::Poll::Ready(())
            })
            .await;
            *st2.lock().unwrap() = Some(f);
        })
        .join()
        .await;
        let f = st.lock().unwrap().take().unwrap();
        let r = supervisor_scope(async |s: Supervisor| s.spawn(f).await).await;
        assert!(matches!(r, Err(JoinError::Panicked { .. })), "{r:?}");
    });
}

#[test]
fn foreign_drop_keeps() {
    run_test(async |s: Scope| {
        let log: Log = Arc::default();
        let l = log.clone();
        s.launch(async move {
            {
                let mut f = Box::pin(scope(async |s: Scope| {
                    let l = l.clone();
                    s.launch(
                        async move {
                            delay(Duration::MAX).await;
                            drop(l)
                        }
                        .finally(async { delay(ms(100)).await }),
                    );
                    delay(Duration::MAX).await
                }));
                let _ = futures::future::poll_immediate(&mut f).await;
                yield_now().await;
            }
        })
        .join()
        .await;
        assert_eq!(now().as_nanos(), 1 + 100_000_000);
    });
}

#[test]
fn timeout_waits_for_shield() {
    run_test(async |_| {
        let r = with_timeout(ms(100), async {
            shield(delay(ms(300))).await;
            delay(ms(50)).await;
            1
        })
        .await;
        assert!(r.is_err());
        assert_eq!(now().as_nanos(), 1 + 300_000_000);
    });
}

#[test]
fn scope_inside_shield_not_cancelled() {
    run_test(async |s: Scope| {
        let log: Log = Arc::default();
        let l = log.clone();
        let j = s.launch(async move {
            let l1 = l.clone();
            shield(async move {
                scope(async |s: Scope| {
                    let l = l1.clone();
                    s.launch(async move {
                        delay(ms(200)).await;
                        say(&l, "child done");
                    });
                })
                .await;
                say(&l1, "shield done");
            })
            .await;
            delay(ms(1)).await;
            say(&l, "BAD");
        });
        delay(ms(10)).await;
        j.cancel_and_join("x").await;
        assert_eq!(*log.lock().unwrap(), ["child done", "shield done"]);
    });
}

#[test]
fn defer_order() {
    run_test(async |s: Scope| {
        let log: Log = Arc::default();
        let l = log.clone();
        let j = s.launch(async move {
            let (a, b, c) = (l.clone(), l.clone(), l.clone());
            let _a = defer(async move {
                delay(ms(5)).await;
                say(&a, "a")
            });
            let _b = defer(async move {
                delay(ms(5)).await;
                say(&b, "b")
            });
            scope(async |s: Scope| {
                let c = c.clone();
                s.launch(delay(Duration::MAX).finally(async move {
                    delay(ms(50)).await;
                    say(&c, "child")
                }));
                delay(Duration::MAX).await
            })
            .await
        });
        delay(ms(1)).await;
        j.cancel_and_join("x").await;
        assert_eq!(*log.lock().unwrap(), ["child", "b", "a"]);
    });
}

#[test]
fn lazy_forgotten() {
    run_test(async |s: Scope| {
        let d = s.start(Start::Lazy).spawn(async { 1 });
        drop(d);
    });
}

#[test]
fn deep_chain_1m() {
    let root = Job::new();
    let mut at = root.new_child();
    let mut all = vec![at.clone()];
    for _ in 0..1_000_000 {
        at = at.new_child();
        all.push(at.clone());
    }
    root.cancel("x");
    for j in &all {
        j.complete();
    }
    root.complete();
    drop(all);
    assert!(root.is_completed());
}

#[test]
fn deep_chain_1m_drop_only() {
    let root = Job::new();
    let mut at = root.new_child();
    let mut all = vec![at.clone()];
    for _ in 0..1_000_000 {
        at = at.new_child();
        all.push(at.clone());
    }
    drop(at);
    drop(root);
    drop(all);
}

#[test]
fn refusing_executor() {
    run_blocking(async |s: Scope| {
        let d = Dispatcher::from_executor("no", drop);
        let j = s.on(d).launch(async { panic!("never") });
        j.join().await;
        assert!(j.is_cancelled());
    });
}

#[test]
fn inline_executor() {
    run_blocking(async |s: Scope| {
        let d = Dispatcher::from_executor("inline", |r: coscope::dispatch::Runnable| r.run());
        let v = s.on(d).spawn(async { 7 }).await;
        assert_eq!(v, 7);
    });
}

#[test]
fn with_context_foreign_panics() {
    let r =
        std::panic::catch_unwind(|| futures::executor::block_on(with_context(Dispatchers::io(), async {})));
    assert!(r.unwrap_err().downcast_ref::<String>().unwrap().contains("run_on"));
    assert_eq!(futures::executor::block_on(run_on(Dispatchers::io(), async { 3 })), 3);
}

#[test]
fn foreign_block_on_inside() {
    run_blocking(async |_| {
        let d = Dispatchers::single_thread("Z");
        let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            futures::executor::block_on(with_context(d, async {}))
        }));
        assert!(r.is_err());
    });
}

#[test]
fn await_cancelled_elsewhere() {
    run_test(async |s: Scope| {
        let d = s.spawn(delay(Duration::MAX));
        d.cancel("gone");
        let r = supervisor_scope(async |s: Supervisor| s.spawn(d).await).await;
        match r {
            Err(JoinError::Panicked { panic, .. }) => {
                assert!(panic.message().contains("gone"), "{}", panic.message())
            }
            _ => panic!(),
        }
    });
}

#[test]
fn unhandled_to_handler_once() {
    let n = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let m = n.clone();
    run_blocking_on(
        FailureHandler::new(move |_| {
            m.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }),
        async |_| {
            supervisor_scope(async |s: Supervisor| {
                s.try_launch(async { Err::<(), _>("e") });
                let _unused = s.try_spawn(async { Err::<(), _>("f") });
            })
            .await
        },
    );
    assert_eq!(n.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[test]
fn unconfined_nested() {
    run_blocking(async |s: Scope| {
        let log: Log = Arc::default();
        let l = log.clone();
        let s2 = s.clone();
        s.on(Dispatchers::unconfined()).launch(async move {
            say(&l, "1");
            let l2 = l.clone();
            s2.on(Dispatchers::unconfined()).launch(async move { say(&l2, "3") });
            say(&l, "2");
        });
        assert_eq!(*log.lock().unwrap(), ["1", "2", "3"]);
    });
}

#[test]
fn scope_handle_after_end() {
    run_test(async |_| {
        let log: Log = Arc::default();
        let l = log.clone();
        let s = scope(async |s: Scope| s.clone()).await;
        let g = D(l, "dropped");
        let j = s.launch(async move {
            let _g = g;
        });
        assert!(j.is_completed() && j.is_cancelled());
        assert_eq!(*log.lock().unwrap(), ["dropped"]);
    });
}

#[test]
fn race_first_ok() {
    run_test(async |_| {
        let r = race([500u64, 100, 300].map(|m| async move {
            delay(ms(m)).await;
            m
        }))
        .await;
        assert_eq!(r, 100);
        assert_eq!(now().as_nanos(), 1 + 100_000_000);
        let r: Result<u64, Vec<u64>> = first_ok([5u64, 1, 3].map(|m| async move {
            delay(ms(m)).await;
            if m == 3 { Ok(m) } else { Err(m) }
        }))
        .await;
        assert_eq!(r, Ok(3));
    });
}

#[test]
fn limit() {
    run_test(async |s: Scope| {
        let l = s.limit(3);
        for _ in 0..9 {
            l.launch(delay(ms(10))).await;
        }
        assert_eq!(now().as_nanos(), 1 + 20_000_000);
    });
}

#[test]
fn bracket_cancel() {
    run_test(async |s: Scope| {
        let log: Log = Arc::default();
        let l = log.clone();
        let j = s.launch(async move {
            let l2 = l.clone();
            bracket(
                async { 5 },
                async |_n: &mut i32| delay(Duration::MAX).await,
                move |n| async move {
                    delay(ms(5)).await;
                    say(&l2, &format!("released {n}"))
                },
            )
            .await
        });
        delay(ms(1)).await;
        j.cancel_and_join("x").await;
        assert_eq!(*log.lock().unwrap(), ["released 5"]);
    });
}

#[test]
fn run_to_completion_foreign_drop() {
    run_test(async |s: Scope| {
        let log: Log = Arc::default();
        let l = log.clone();
        s.launch(async move {
            let l2 = l.clone();
            let mut f = Box::pin(run_to_completion(async move {
                delay(ms(30)).await;
                say(&l2, "done")
            }));
            let _ = futures::poll!(&mut f);
            drop(f);
            say(&l, "left");
        })
        .join()
        .await;
        assert_eq!(*log.lock().unwrap(), ["left", "done"]);
    });
}

#[test]
fn panic_in_drop_while_cut() {
    run_test(async |s: Scope| {
        struct P;
        impl Drop for P {
            fn drop(&mut self) {
                panic!("in drop")
            }
        }
        let j = s.launch(async {
            let _p = P;
            delay(Duration::MAX).await
        });
        yield_now().await;
        j.cancel_and_join("x").await;
    });
}

#[test]
fn collect() {
    run_test(async |_| {
        let e: Result<(), Errors<String>> = collect_scope(async |s: Collector<String>| {
            s.try_launch(async {
                delay(ms(3)).await;
                Err::<(), _>("b")
            });
            s.try_launch(async { Err::<(), _>("a") });
            let x = s.try_spawn(async { Err::<i32, _>("c") });
            assert_eq!(x.await, None);
        })
        .await;
        assert_eq!(e.unwrap_err().len(), 3);
    });
}

/// The handle of a scope that tokio drops half-way: its child is dropped, the next scope works.
#[test]
fn dropped_half_way_by_tokio_select() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let begun = CompletableDeferred::new();
        let gone = CompletableDeferred::new();
        struct Gone(CompletableDeferred<()>);
        impl Drop for Gone {
            fn drop(&mut self) {
                self.0.complete(()).unwrap();
            }
        }
        let (begin, guard) = (begun.clone(), Gone(gone.clone()));
        tokio::select! {
            () = scope(async |s: Scope| {
                s.launch(async move {
                    let _guard = guard;
                    begin.complete(()).unwrap();
                    delay(Duration::MAX).await
                });
                delay(Duration::MAX).await
            }) => unreachable!("it never ends by itself"),
            begun = begun.wait() => begun.unwrap(),
        }
        gone.wait().await.unwrap();
        assert_eq!(scope(async |s: Scope| s.spawn(async { 5 }).await).await, 5);
    });
}

/// Each drop blocks until the other has begun: those that go out as one step must not wait in line.
#[test]
fn what_is_cut_together_waits_for_nobody() {
    struct Meets(Arc<std::sync::Barrier>);
    impl Drop for Meets {
        fn drop(&mut self) {
            self.0.wait();
        }
    }
    run_blocking(async |s: Scope| {
        let both = Arc::new(std::sync::Barrier::new(2));
        let parent = s.on(Dispatchers::default()).launch(scope(async move |s: Scope| {
            let begun = CompletableDeferred::new();
            for last in [false, true] {
                let (meets, begun) = (Meets(both.clone()), begun.clone());
                s.launch(async move {
                    let _meets = meets;
                    if last {
                        begun.complete(()).unwrap();
                    }
                    std::future::pending::<()>().await
                });
            }
            begun.wait().await.unwrap();
        }));
        while parent.children().len() < 2 {
            yield_now().await;
        }
        parent.cancel_and_join("together").await;
    });
}
