//! IO is full of blocked threads, and the default dispatcher is busy on every core, both to the limit.
//! Together they have as many threads as both allow; neither takes one from the other.

use std::sync::Arc;
use std::thread::sleep;

use coscope::{now, pool_metrics, prelude::*};

use super::used_threads::UsedThreads;
use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("both-saturated", "Default and IO at their limits at once", run)
        .prints(&["{io+cores} at once: {io} on IO and {cores} on default", "Completed in {ms:600} ms"])
        .in_real_time();

fn run() {
    let [all, io, default]: [Arc<UsedThreads>; 3] = Default::default();
    let limits = pool_metrics();
    let begin = now();
    stage::run(async |s: Scope| {
        let both = [
            (Dispatchers::io(), limits.io_permits, &io),
            (Dispatchers::default(), limits.cpu_permits, &default),
        ];
        for (dispatcher, at_once, own) in both {
            for _ in 0..at_once * 2 {
                let (all, own) = (all.clone(), own.clone());
                s.on(dispatcher.clone()).launch(async move { all.note(|| own.note(|| sleep(ms(300)))) });
            }
        }
    });
    let (all, io, default) = (all.most_at_once(), io.most_at_once(), default.most_at_once());
    println!("{all} at once: {io} on IO and {default} on default");
    println!("Completed in {} ms", ms_since(begin));
}
