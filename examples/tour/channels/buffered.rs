//! A buffer of four: four messages are sent without a receiver, the fifth waits.

use coscope::channel::channel;
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("buffered", "Sending until the buffer is full", run)
    .prints(&["Sending 0", "Sending 1", "Sending 2", "Sending 3", "Sending 4"]);

fn run() {
    stage::run(async |s: Scope| {
        let (to, _from) = channel(4);
        let sender = s.launch(async move {
            for x in 0..10 {
                println!("Sending {x}");
                to.send(x).await.expect("main keeps the receiver");
            }
        });
        delay(ms(1000)).await;
        sender.cancel("nobody receives");
    });
}
