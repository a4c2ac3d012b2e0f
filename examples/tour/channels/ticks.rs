//! A ticker is an interval to receive from: two of them in a select, one every second, one every five.

use coscope::{prelude::*, select};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("ticks", "Two tickers in a select", run)
    .prints(&["...", "...", "...", "...", "...", "You have a message!", "..."])
    .in_virtual_time();

fn run() {
    stage::run(async |s: Scope| {
        let dots = s.ticker(0, interval(ms(1000)).initial_delay(ms(1000)));
        let messages = s.ticker(0, interval(ms(5000)).initial_delay(ms(5001)));
        let job = dots.job().clone();
        for _ in 0..7 {
            select! {
                tick = dots.recv() => { tick.expect("it goes on"); println!("...") }
                tick = messages.recv() => { tick.expect("it goes on"); println!("You have a message!") }
            }
        }
        drop((dots, messages)); // stop: not a tick more
        job.join().await;
        delay(ms(10_000)).await;
    });
}
