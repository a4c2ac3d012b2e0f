//! A list of steps, each of which waits, is folded over until one says that it is over: what comes
//! behind is never called. A cancel is no value, so that no step can take it for a failure of its own:
//! the second fold simply is not there any more.

use std::ops::ControlFlow::{self, Break, Continue};

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("fold-steps", "Steps that wait, until one ends the fold", run).prints(&[
        "matches: 3",
        "users: failed",
        "the fold ended early: no connection",
        "matches: 3",
        "the second fold is cancelled: true",
    ]);

type Progress = ControlFlow<&'static str, u32>;

async fn matches(count: u32) -> Progress {
    delay(ms(100)).await;
    println!("matches: {}", count + 3);
    Continue(count + 3)
}

async fn users(_count: u32) -> Progress {
    delay(ms(100)).await;
    println!("users: failed");
    Break("no connection")
}

async fn formatted(count: u32) -> Progress {
    println!("formatted: never reached");
    Continue(count)
}

type Step = fn(u32) -> std::pin::Pin<Box<dyn Future<Output = Progress> + Send>>;

async fn fold() -> Progress {
    let steps: [Step; 3] = [|n| Box::pin(matches(n)), |n| Box::pin(users(n)), |n| Box::pin(formatted(n))];
    let mut count = 0;
    for step in steps {
        count = step(count).await?;
    }
    Continue(count)
}

fn run() {
    stage::run(async |s: Scope| {
        match fold().await {
            Continue(count) => println!("the fold gave {count}"),
            Break(why) => println!("the fold ended early: {why}"),
        }
        let second = s.spawn(fold());
        delay(ms(150)).await;
        second.cancel("enough");
        let outcome = second.outcome().await;
        println!("the second fold is cancelled: {}", outcome.is_err_and(|error| error.is_cancelled()));
    });
}
