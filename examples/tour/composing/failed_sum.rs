//! One child fails: its sibling, which would wait for ever, is cancelled and cleans up, and only then
//! does the caller get the error.

use std::time::Duration;

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("failed-sum", "The failure of one child cancels the other", run).prints(&[
        "Second child throws an exception",
        "First child was cancelled",
        "Computation failed with ArithmeticException",
    ]);

#[derive(Debug)]
struct ArithmeticException;

fn run() {
    stage::run(async |_| {
        if let Err(error) = failed_sum().await {
            println!("Computation failed with {error:?}");
        }
    });
}

async fn failed_sum() -> Result<i32, ArithmeticException> {
    try_scope(async |s: Scope<ArithmeticException>| {
        let one = s.spawn(
            async {
                delay(Duration::MAX).await;
                42
            }
            .finally(async { println!("First child was cancelled") }),
        );
        let two = s.try_spawn(async {
            println!("Second child throws an exception");
            Err::<i32, _>(ArithmeticException)
        });
        Ok(one.await + two.await)
    })
    .await
}
