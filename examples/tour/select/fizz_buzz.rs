//! A select receives from whichever channel has something first. In round seven both are due at once: fizz has a round more
//! behind it, and sets its timer later.

use std::time::Duration;

use coscope::actor::Produced;
use coscope::channel::Sender;
use coscope::{prelude::*, select};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("fizz-buzz", "Receiving from whichever is first", run)
    .prints(&[
        "fizz -> 'Fizz'",
        "buzz -> 'Buzz!'",
        "fizz -> 'Fizz'",
        "fizz -> 'Fizz'",
        "buzz -> 'Buzz!'",
        "fizz -> 'Fizz'",
        "buzz -> 'Buzz!'",
    ])
    .in_virtual_time();

fn every(s: &Scope, time: Duration, text: &'static str) -> Produced<&'static str> {
    s.produce(0, async move |to: Sender<&'static str>| {
        loop {
            delay(time).await;
            to.send(text).await.expect("it is cancelled when nobody receives");
        }
    })
}

fn run() {
    stage::run(async |s: Scope| {
        let fizz = every(&s, ms(300), "Fizz");
        let buzz = every(&s, ms(500), "Buzz!");
        for _ in 0..7 {
            select! {
                text = fizz.recv() => println!("fizz -> '{}'", text.expect("it goes on")),
                text = buzz.recv() => println!("buzz -> '{}'", text.expect("it goes on")),
            }
        }
        s.cancel_children("seven will do");
    });
}
