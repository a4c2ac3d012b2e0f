//! The first of a dozen. They are awaited by reference, so that those who lose go on.

use coscope::{prelude::*, select::any_of};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("first-of-many", "The first of a dozen results", run)
    .prints(&["Deferred 4 produced answer 'Waited for 128 ms'", "11 coroutines are still active"]);

const TIMES: [u64; 12] = [734, 660, 210, 581, 128, 202, 549, 564, 459, 961, 585, 882];

async fn answer(time: u64) -> String {
    delay(ms(time)).await;
    format!("Waited for {time} ms")
}

fn run() {
    stage::run(async |s: Scope| {
        let mut answers: Vec<Deferred<String>> = TIMES.map(|time| s.spawn(answer(time))).into();
        let (place, answer) = any_of(answers.iter_mut().map(Deferred::by_ref)).await;
        println!("Deferred {place} produced answer '{answer}'");
        let active = answers.iter().filter(|answer| answer.is_active()).count();
        println!("{active} coroutines are still active");
    });
}
