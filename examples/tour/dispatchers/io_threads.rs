//! A thousand calls block for 20 ms each. IO has 64 of them run at once (or as many as there are
//! cores), and the others wait.

use std::sync::Arc;
use std::thread::sleep;

use coscope::{now, prelude::*};

use super::used_threads::UsedThreads;
use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("io-threads", "IO runs 64 blocking calls at once", run)
    .prints(&["{io} at once, on no more threads than that: true", "Completed in {ms:20*1000/io} ms"])
    .in_real_time();

fn run() {
    let threads = Arc::new(UsedThreads::default());
    let begin = now();
    stage::run(async |s: Scope| {
        for _ in 0..1000 {
            let threads = threads.clone();
            s.on(Dispatchers::io()).launch(async move { threads.note(|| sleep(ms(20))) });
        }
    });
    let most = threads.most_at_once();
    println!("{most} at once, on no more threads than that: {}", threads.count() <= most);
    println!("Completed in {} ms", ms_since(begin));
}
