//! Where a coroutine runs is said when it is launched: in whatever thread launches it, where its parent
//! runs, in the pool, or in a thread of its own.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, thread};

pub(crate) const CHAPTER: Chapter = Chapter::new("which-thread", "Four dispatchers and their threads", run)
    .prints(&[
        "    'Unconfined': I'm working in thread main",
        "     'inherited': I'm working in thread main",
        "       'default': I'm working in thread {worker}",
        " 'single_thread': I'm working in thread MyOwnThread",
    ])
    .in_any_order()
    .in_real_time();

fn run() {
    stage::run(async |s: Scope| {
        s.on(Dispatchers::unconfined()).launch(async {
            println!("    'Unconfined': I'm working in thread {}", thread());
        });
        s.launch(async {
            println!("     'inherited': I'm working in thread {}", thread());
        });
        s.on(Dispatchers::default()).launch(async {
            println!("       'default': I'm working in thread {}", thread());
        });
        s.on(Dispatchers::single_thread("MyOwnThread")).launch(async {
            println!(" 'single_thread': I'm working in thread {}", thread());
        });
    });
}
