//! An unconfined coroutine begins in the thread that launches it and goes on in the one that resumes
//! it: after a delay that is the thread of the pool that keeps the time. The other one stays on main.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms, thread};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("unconfined-after-delay", "Confined or not, after a delay", run)
        .prints(&[
            "'Unconfined': I'm working in thread main",
            " 'inherited': I'm working in thread main",
            "'Unconfined': After delay in thread {worker}",
            " 'inherited': After delay in thread main",
        ])
        .in_real_time();

fn run() {
    stage::run(async |s: Scope| {
        s.on(Dispatchers::unconfined()).launch(async {
            println!("'Unconfined': I'm working in thread {}", thread());
            delay(ms(500)).await;
            println!("'Unconfined': After delay in thread {}", thread());
        });
        s.launch(async {
            println!(" 'inherited': I'm working in thread {}", thread());
            delay(ms(1000)).await;
            println!(" 'inherited': After delay in thread {}", thread());
        });
    });
}
