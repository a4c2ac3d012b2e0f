//! An API that calls back, with a value or an error, becomes one that is awaited.

use coscope::prelude::*;
use coscope::suspend_cancellable;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter = Chapter::new("callback", "Awaiting a callback: a value, an error", run)
    .in_real_time()
    .prints(&["doing something with 43", "failed: 13 is refused"]);

/// Of a library that knows nothing of coroutines: calls back from a thread of its own.
#[allow(clippy::disallowed_methods)] // as foreign code does
fn operation(input: u32, done: impl FnOnce(Result<u32, String>) + Send + 'static) {
    std::thread::spawn(move || done(if input == 13 { Err("13 is refused".into()) } else { Ok(input + 42) }));
}

async fn operation_awaited(input: u32) -> Result<u32, String> {
    suspend_cancellable(|resumer| {
        operation(input, move |result| {
            let _unwanted = resumer.resume(result);
        });
    })
    .await
    .expect("it always calls back")
}

fn run() {
    stage::run(async |_: Scope| {
        for input in [1, 13] {
            match operation_awaited(input).await {
                Ok(answer) => println!("doing something with {answer}"),
                Err(error) => println!("failed: {error}"),
            }
        }
    });
}
