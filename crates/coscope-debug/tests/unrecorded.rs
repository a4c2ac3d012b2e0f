//! What is found while nobody records: a process of its own, since recordings are the process's.
#![allow(missing_docs)] // tests

use std::time::Duration;

use coscope::channel::channel;
use coscope::prelude::*;
use coscope_debug::{FindingKind, Watchdog};
use coscope_test::run_test;

#[test]
fn a_full_channel_without_a_recording() {
    run_test(async |s: Scope| {
        let (sender, receiver) = channel(1);
        let place = format!("{}:{}", file!(), line!() + 1);
        let producer = s.named("lonely").launch(async move { while sender.send(7).await.is_ok() {} });
        let watchdog = Watchdog::builder().wait_limit(Duration::from_secs(10));
        delay(Duration::from_secs(10) - Duration::from_millis(1)).await;
        assert!(watchdog.check().is_empty());
        delay(Duration::from_millis(1)).await;
        let findings = watchdog.check();
        assert_eq!(findings.len(), 1, "{findings:?}");
        let waits = format!("has waited for 10.0 s in Channel::send at {place}: the channel is full");
        assert_eq!(
            (findings[0].kind(), findings[0].jobs()),
            (FindingKind::LongWait, [producer.key()].as_slice())
        );
        assert!(findings[0].text().contains(&waits), "{}", findings[0]);
        drop(receiver);
    });
}
