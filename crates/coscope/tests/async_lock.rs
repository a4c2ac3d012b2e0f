//! What `async-lock` has and coscope has not runs on coscope as it is.
#![cfg(not(loom))]
#![allow(missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use async_lock::{Barrier, OnceCell, RwLock};
use coscope::prelude::*;
use coscope::run_blocking_on;

#[test]
fn many_read_and_one_writes() {
    run_blocking_on(Dispatchers::default(), async |_: Scope| {
        let table = Arc::new(RwLock::new(vec![0; 4]));
        scope(async |s: Scope| {
            for _ in 0..50 {
                let (reader, writer) = (table.clone(), table.clone());
                s.launch(async move {
                    let table = reader.read().await;
                    yield_now().await;
                    assert!(table.iter().all(|x| *x == table[0]), "never half written");
                });
                s.launch(async move {
                    let mut table = writer.write().await;
                    for at in 0..4 {
                        table[at] += 1;
                        yield_now().await;
                    }
                });
            }
        })
        .await;
        assert_eq!(*table.read().await, [50; 4]);
    });
}

#[test]
fn all_wait_for_the_last() {
    run_blocking_on(Dispatchers::default(), async |_: Scope| {
        let (barrier, arrived) = (Arc::new(Barrier::new(10)), Arc::new(AtomicUsize::new(0)));
        let leaders = scope(async |s: Scope| {
            let all: Vec<_> = (0..10)
                .map(|_| {
                    let (barrier, arrived) = (barrier.clone(), arrived.clone());
                    s.spawn(async move {
                        arrived.fetch_add(1, SeqCst);
                        let leader = barrier.wait().await.is_leader();
                        assert_eq!(arrived.load(SeqCst), 10);
                        leader
                    })
                })
                .collect();
            await_all(all).await
        })
        .await;
        assert_eq!(leaders.into_iter().filter(|leader| *leader).count(), 1);
    });
}

#[test]
fn the_first_to_ask_makes_it() {
    run_blocking_on(Dispatchers::default(), async |s: Scope| {
        let (cell, made) = (Arc::new(OnceCell::new()), Arc::new(AtomicUsize::new(0)));
        let cut = {
            let cell = cell.clone();
            s.launch(async move {
                cell.get_or_init(std::future::pending::<u32>).await;
            })
        };
        yield_now().await;
        cut.cancel_and_join("another shall make it").await;
        let all: Vec<_> = (0..10)
            .map(|_| {
                let (cell, made) = (cell.clone(), made.clone());
                s.spawn(async move {
                    *cell
                        .get_or_init(async || {
                            yield_now().await;
                            made.fetch_add(1, SeqCst);
                            42
                        })
                        .await
                })
            })
            .collect();
        assert_eq!(await_all(all).await, [42; 10]);
        assert_eq!(made.load(SeqCst), 1);
    });
}
