//! While an operation runs, a cache is kept fresh in the background. The refresher lives in the scope of
//! the operation: it ends with it, well or not, and when the caller is cancelled so are both.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("background-task", "A task in the background of an operation", run).prints(&[
        "refreshed",
        "refreshed",
        "refresher gone",
        "the operation gave Ok(42)",
        "refreshed",
        "refresher gone",
        "the operation gave Err(\"no such key\")",
        "refreshed",
        "refresher gone",
        "the caller is cancelled, and nothing is left of it",
    ]);

/// Runs `operation` with `task` in its background; returns when both are gone.
async fn with_background_task<T>(
    task: impl Future<Output = ()> + Send + 'static,
    operation: impl Future<Output = T>,
) -> T {
    scope(async |s: Scope| {
        let background = s.launch(task);
        let result = operation.await;
        background.cancel_and_join("the operation is over").await;
        result
    })
    .await
}

async fn refresh() {
    let gone = async { println!("refresher gone") };
    let refreshing = async {
        loop {
            println!("refreshed");
            delay(ms(100)).await;
        }
    };
    refreshing.finally(gone).await
}

async fn look_up(takes: u64, result: Result<u32, &str>) -> Result<u32, &str> {
    delay(ms(takes)).await;
    result
}

fn run() {
    stage::run(async |s: Scope| {
        let found = with_background_task(refresh(), look_up(150, Ok(42))).await;
        println!("the operation gave {found:?}");
        let missing = with_background_task(refresh(), look_up(50, Err("no such key"))).await;
        println!("the operation gave {missing:?}");

        let caller = s.launch(async {
            let _never = with_background_task(refresh(), look_up(60_000, Ok(7))).await;
        });
        delay(ms(50)).await;
        caller.cancel_and_join("the caller has gone").await;
        println!("the caller is cancelled, and nothing is left of it");
    });
}
