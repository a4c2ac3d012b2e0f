//! A newsletter goes to very many readers by calls that block. On IO that takes as many rounds as its
//! limit makes of them. With small limits of their own, two services do not get into each other's way: who
//! registers while the newsletter goes out has an answer at once.
//!
//! A hundredth of 100 000 letters, and 10 ms for each instead of 100 ms: 160 ms stand for 156 s.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;

use coscope::{now, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms, ms_since};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("newsletter", "Many letters, and two services that do not disturb each other", run)
        .prints(&[
            "1000 letters on IO: {ms:10*1000/io} ms",
            "50 registrations meanwhile: {ms:10} ms, before the newsletter's end: true",
            "100 letters, 5 at a time: {ms:10*100/5} ms",
            "1150 letters sent",
        ])
        .in_real_time();

fn run() {
    let sent = Arc::new(AtomicUsize::new(0));
    let begin = now();
    stage::run(async |_| send(Dispatchers::io(), 1000, sent.clone()).await);
    println!("1000 letters on IO: {} ms", ms_since(begin));

    let newsletter = Dispatchers::limited(5);
    let registration = Dispatchers::limited(50);
    let begin = now();
    stage::run(async |s: Scope| {
        let letters = s.launch(send(newsletter, 100, sent.clone()));
        send(registration, 50, sent.clone()).await;
        let (took, before) = (ms_since(begin), !letters.is_completed());
        println!("50 registrations meanwhile: {took} ms, before the newsletter's end: {before}");
        letters.join().await;
        println!("100 letters, 5 at a time: {} ms", ms_since(begin));
    });
    println!("{} letters sent", sent.load(Ordering::Relaxed));
}

async fn send(on: Dispatcher, count: usize, sent: Arc<AtomicUsize>) {
    scope(async |s: Scope| {
        for _ in 0..count {
            let sent = sent.clone();
            s.on(on.clone()).launch(async move {
                sleep(ms(10));
                sent.fetch_add(1, Ordering::Relaxed);
            });
        }
    })
    .await;
}
