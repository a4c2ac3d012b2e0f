//! A thousand computations on the default dispatcher share as many threads as there are cores, two at
//! least. Launched without a dispatcher they would all run where their parent does: on main.

use std::hint::black_box;
use std::sync::Arc;

use coscope::prelude::*;

use super::used_threads::UsedThreads;
use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("default-threads", "As many threads as cores for what computes", run)
        .prints(&[
            "default: {cores} threads, all of the pool: true",
            "inherited: 1 threads, all of them main: true",
        ])
        .in_real_time()
        .alone();

fn run() {
    let threads = Arc::new(UsedThreads::default());
    stage::run(async |s: Scope| {
        for _ in 0..1000 {
            let threads = threads.clone();
            s.on(Dispatchers::default()).launch(async move { threads.note(compute) });
        }
    });
    let pool = threads.are_all("DefaultDispatcher-worker-");
    println!("default: {} threads, all of the pool: {pool}", threads.count());

    let threads = Arc::new(UsedThreads::default());
    stage::run(async |s: Scope| {
        for _ in 0..10 {
            let threads = threads.clone();
            s.launch(async move { threads.note(compute) });
        }
    });
    println!("inherited: {} threads, all of them main: {}", threads.count(), threads.are_all("main"));
}

fn compute() {
    let mut n: u64 = 1;
    for i in 0..200_000 {
        n = black_box(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i));
    }
}
