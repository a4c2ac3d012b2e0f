//! A hundred orders for coffee on four dispatchers, each time with another kind of work. Who suspends needs
//! no threads; who blocks needs as many as there are orders; who computes, as many as there are cores.
//!
//! A hundredth of a second stands for a second, and the computations are as much shorter.

use std::hint::black_box;
use std::thread::sleep;

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter = Chapter::new("dispatcher-table", "Which dispatcher for which work", run)
    .prints(&[
        "Single thread: suspending {ms:10}, blocking {ms:10*100/1}, CPU {number}, memory {number}",
        "Default: suspending {ms:10}, blocking {ms:10*100/cores}, CPU {number}, memory {number}",
        "IO: suspending {ms:10}, blocking {ms:10*100/io}, CPU {number}, memory {number}",
        "100 threads: suspending {ms:10}, blocking {ms:10*100/100}, CPU {number}, memory {number}",
    ])
    .in_real_time()
    .alone();

fn run() {
    let rows = [
        ("Single thread", Dispatchers::single_thread("barista")),
        ("Default", Dispatchers::default()),
        ("IO", Dispatchers::io()),
        ("100 threads", Dispatchers::fixed_pool(100, "barista")),
    ];
    for (name, on) in rows {
        let suspending = time(&on, async || delay(ms(10)).await);
        let blocking = time(&on, async || sleep(ms(10)));
        let cpu = time(&on, async || compute());
        let memory = time(&on, async || allocate());
        println!("{name}: suspending {suspending}, blocking {blocking}, CPU {cpu}, memory {memory}");
    }
}

/// How long a hundred of `order` take, in milliseconds.
fn time<F: Future<Output = ()> + Send + 'static>(
    on: &Dispatcher,
    order: impl Fn() -> F + Send + Sync,
) -> u128 {
    let begin = now();
    stage::run(async |s: Scope| {
        for _ in 0..100 {
            s.on(on.clone()).launch(order());
        }
    });
    ms_since(begin)
}

fn compute() {
    let mut i = i32::MAX / 1000;
    while i > 0 {
        i -= black_box(if i % 2 == 0 { 1 } else { 2 });
    }
}

fn allocate() {
    let list: Vec<usize> = (0..100).collect();
    let lists: Vec<Vec<usize>> = (0..100).map(|_| list.clone()).collect();
    let sum: usize = (0..10).map(|_| black_box(lists.clone()).iter().flatten().sum::<usize>()).sum();
    black_box(sum);
}
