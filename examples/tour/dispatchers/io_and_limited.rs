//! A hundred calls block for a second on IO, and a hundred on a limited dispatcher of a hundred threads,
//! at the same time. The limits have nothing to do with each other: one takes two rounds, one takes one.

use std::thread::sleep;

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("io-and-limited", "A limit of its own beside that of IO", run)
        .prints(&["Dispatchers.IO took: {ms:1000*100/io}", "Dispatchers.limited(100) took: {ms:1000}"])
        .in_any_order()
        .in_real_time();

fn run() {
    stage::run(async |s: Scope| {
        s.launch(print_time("Dispatchers.IO", Dispatchers::io()));
        s.launch(print_time("Dispatchers.limited(100)", Dispatchers::limited(100)));
    });
}

async fn print_time(name: &str, dispatcher: Dispatcher) {
    let begin = now();
    scope(async |s: Scope| {
        for _ in 0..100 {
            s.on(dispatcher.clone()).launch(async { sleep(ms(1000)) });
        }
    })
    .await;
    println!("{name} took: {}", ms_since(begin));
}
