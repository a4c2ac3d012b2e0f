//! Fan-in: two coroutines send into one channel. At the end of the first second both are due, and the one whose timer was set
//! first comes first.

use std::time::Duration;

use coscope::channel::{Sender, channel};
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("fan-in", "Two send to one", run)
    .prints(&["foo", "foo", "BAR!", "foo", "foo", "BAR!"])
    .in_virtual_time();

async fn send_every(to: Sender<&'static str>, text: &'static str, time: Duration) {
    loop {
        delay(time).await;
        to.send(text).await.expect("it is cancelled when nobody receives");
    }
}

fn run() {
    stage::run(async |s: Scope| {
        let (to, from) = channel(0);
        s.launch(send_every(to.clone(), "foo", ms(200)));
        s.launch(send_every(to, "BAR!", ms(500)));
        for _ in 0..6 {
            println!("{}", from.recv().await.expect("both go on"));
        }
        s.cancel_children("six will do");
    });
}
