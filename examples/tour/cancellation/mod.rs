//! Cancelling coroutines, cleaning up after it, and timeouts.

mod cancel;
mod cancel_checked;
mod cancel_finally;
mod cancel_finally_waits;
mod cancel_ignored;
mod timeout;
mod timeout_or_nothing;

use crate::chapter::Chapter;
use crate::stage::ms;

pub(crate) const CHAPTERS: &[Chapter] = &[
    cancel::CHAPTER,
    cancel_ignored::CHAPTER,
    cancel_checked::CHAPTER,
    cancel_finally::CHAPTER,
    cancel_finally_waits::CHAPTER,
    timeout::CHAPTER,
    timeout_or_nothing::CHAPTER,
];

/// Sleeps, and says so, twice a second.
async fn sleep_and_say() {
    for i in 0..1000 {
        println!("I'm sleeping {i} ...");
        coscope::delay(ms(500)).await;
    }
}
