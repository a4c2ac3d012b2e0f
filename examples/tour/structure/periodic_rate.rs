//! Work that takes a while, each 100 ms. At a fixed rate the ticks keep to their times, however long the
//! work takes; with a fixed delay each pause begins where the tick before was taken, and lateness adds up.

use coscope::{Interval, now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("periodic-rate", "Ticks at a fixed rate do not drift", run)
    .prints(&[
        "fixed rate: the 10th tick is due at 1000 ms",
        "fixed delay: the 10th tick is taken at {ms:1050} ms",
    ]);

fn run() {
    stage::run(async |_| {
        let begin = now();
        let tenth = work_ten_times(&mut interval(ms(100)).initial_delay(ms(100))).await;
        println!("fixed rate: the 10th tick is due at {} ms", (tenth - begin).as_millis());

        let begin = now();
        work_ten_times(&mut interval(ms(100)).initial_delay(ms(100)).fixed_delay()).await;
        println!("fixed delay: the 10th tick is taken at {} ms", ms_since(begin) - 30);
    });
}

/// Ten ticks, with work after each. The third one takes longer than a period.
async fn work_ten_times(ticks: &mut Interval) -> coscope::Instant {
    let mut due = now();
    for i in 1..=10 {
        due = ticks.tick().await;
        delay(ms(if i == 3 { 150 } else { 30 })).await;
    }
    due
}
