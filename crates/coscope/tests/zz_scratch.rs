#![allow(missing_docs, clippy::disallowed_methods)]
use coscope::prelude::*;
use std::time::Duration;
fn guard(f: impl FnOnce() + Send + 'static) {
    let (tx, rx) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        f();
        let _ = tx.send(());
    });
    rx.recv_timeout(Duration::from_secs(3)).expect("hangs");
}
#[test]
fn a_move_back() {
    guard(|| {
        let one = Dispatchers::limited(1);
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(Dispatchers::default(), async {
                            yield_now().await;
                        })
                        .await;
                    })
                    .await
                })
                .await
        })
    });
}
#[test]
fn b_move_back_noyield() {
    guard(|| {
        let one = Dispatchers::limited(1);
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(Dispatchers::default(), async {}).await;
                    })
                    .await
                })
                .await
        })
    });
}
#[test]
fn c_same() {
    guard(|| {
        let one = Dispatchers::limited(1);
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(one, async {
                            yield_now().await;
                        })
                        .await;
                    })
                    .await
                })
                .await
        })
    });
}
#[test]
fn d_unconfined() {
    guard(|| {
        let one = Dispatchers::limited(1);
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(Dispatchers::unconfined(), async {
                            yield_now().await;
                        })
                        .await;
                    })
                    .await
                })
                .await
        })
    });
}
#[test]
fn e_child_on_one() {
    guard(|| {
        let one = Dispatchers::limited(1);
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(Dispatchers::default(), async {
                            supervisor_scope(async |s: Supervisor| {
                                s.on(one.clone())
                                    .spawn(async {
                                        yield_now().await;
                                    })
                                    .await
                                    .unwrap();
                            })
                            .await
                        })
                        .await;
                    })
                    .await
                })
                .await
        })
    });
}
#[test]
fn f_lazy_unconfined() {
    guard(|| {
        let one = Dispatchers::limited(1);
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(Dispatchers::default(), async {
                            scope(async |s: Scope| {
                                let d = s.on(Dispatchers::unconfined()).start(Start::Lazy).spawn(async {
                                    yield_now().await;
                                });
                                yield_now().await;
                                d.outcome().await.unwrap();
                            })
                            .await
                        })
                        .await;
                    })
                    .await
                })
                .await
        })
    });
}
#[test]
fn g_inner_from_one() {
    guard(|| {
        let one = Dispatchers::limited(1);
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(Dispatchers::default().limited_parallelism(3), async {
                            yield_now().await;
                        })
                        .await;
                        yield_now().await;
                    })
                    .await
                })
                .await
        })
    });
}
#[test]
fn e2_delay() {
    guard(|| {
        let one = Dispatchers::limited(1);
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(Dispatchers::default(), async {
                            delay(Duration::from_millis(20)).await;
                            eprintln!("delayed");
                        })
                        .await;
                        eprintln!("back");
                    })
                    .await
                })
                .await
        })
    });
}
#[test]
fn e3_child_default() {
    guard(|| {
        let one = Dispatchers::limited(1);
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(Dispatchers::default(), async {
                            scope(async |s: Scope| {
                                s.on(Dispatchers::io())
                                    .spawn(async {
                                        yield_now().await;
                                        eprintln!("child");
                                    })
                                    .await;
                                eprintln!("got");
                            })
                            .await;
                            eprintln!("joined");
                        })
                        .await;
                        eprintln!("back");
                    })
                    .await
                })
                .await
        })
    });
}
#[test]
fn e4_single() {
    guard(|| {
        let one = Dispatchers::single_thread("x");
        run_blocking(async move |s: Scope| {
            s.on(Dispatchers::default())
                .spawn(async move {
                    with_context(one.clone(), async move {
                        with_context(Dispatchers::default(), async {
                            delay(Duration::from_millis(20)).await;
                            eprintln!("delayed");
                        })
                        .await;
                        eprintln!("back");
                    })
                    .await
                })
                .await
        })
    });
}
