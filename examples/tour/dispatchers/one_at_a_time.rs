//! With a limit of one, calls that block come one after the other.

use std::thread::sleep;

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("one-at-a-time", "Five blocking calls with a limit of one", run)
        .prints(&["Took {ms:5000}"])
        .in_real_time();

fn run() {
    stage::run(async |s: Scope| {
        let one = Dispatchers::default().limited_parallelism(1);
        let job = s.on(one).launch(scope(async |s: Scope| {
            for _ in 0..5 {
                s.launch(async { sleep(ms(1000)) });
            }
        }));
        let begin = now();
        job.join().await;
        println!("Took {}", ms_since(begin));
    });
}
