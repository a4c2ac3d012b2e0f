//! What must end: orders of cancel, drop and failure in which somebody could be left waiting for ever.
#![allow(missing_docs, clippy::disallowed_methods, clippy::type_complexity)] // tests catch what they provoke

use coscope::prelude::*;
use coscope::*;
use coscope_test::run_test;
use std::pin::Pin;
use std::time::Duration;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn a_step_may_block_any_number_of_times() {
    run_blocking(async |_| {
        for n in 0..300 {
            assert_eq!(run_blocking(async move |_| n), n);
        }
    });
}

#[test]
fn a_late_child_of_a_waiting_scope_fails_it() {
    run_test(async |s: Scope| {
        let handle = CompletableDeferred::<Scope>::new();
        let give = handle.clone();
        let outside = s.spawn(async move {
            let inner = handle.wait().await.unwrap();
            delay(ms(10)).await;
            inner.launch(async { panic!("late") });
        });
        let body: Boxed<()> = Box::pin(scope(async move |inner: Scope| {
            assert!(give.complete(inner.clone()).is_ok());
            std::future::pending::<()>().await
        }));
        let failed = supervisor_scope(async |s: Supervisor| s.spawn(body).await).await;
        assert!(failed.unwrap_err().to_string().contains("late"));
        outside.await;
    });
}
