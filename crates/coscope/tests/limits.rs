//! Limits of every kind of scope.
#![allow(missing_docs)] // tests

use ::core::prelude::v1::test; // and not that of coscope
use coscope::prelude::*;
use coscope::*;
use coscope_test::run_test;
use std::time::Duration;

#[test]
fn every_kind_of_scope_launches_within_a_limit() {
    run_test(async |_| {
        let second = Duration::from_secs(1);
        let begun = now();
        let errors = collect_scope(async |s: Collector<String>| {
            let one = s.limit(1);
            one.launch(delay(second)).await;
            one.try_launch(async { Err::<(), _>("disk") }).await;
            assert_eq!(now() - begun, second);
            assert_eq!(one.try_spawn(async { Ok::<_, String>(7) }).await.await, Some(7));
        })
        .await
        .unwrap_err();
        assert_eq!(errors.len(), 1);

        supervisor_scope(async |s: Supervisor| {
            let one = s.limit(1);
            let first = one.spawn(async move { delay(second).await }).await;
            let last = one.spawn(async { 7 }).await;
            assert_eq!(now() - begun, second * 2);
            assert!(first.await.is_ok());
            assert_eq!(last.await.unwrap(), 7);
        })
        .await;
    });
}
