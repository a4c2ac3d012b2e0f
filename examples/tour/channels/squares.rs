//! A channel: what one coroutine sends another receives, each once and in order.

use coscope::channel::channel;
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter = Chapter::new("squares", "Five squares through a channel", run)
    .prints(&["1", "4", "9", "16", "25", "Done!"]);

fn run() {
    stage::run(async |s: Scope| {
        let (to, from) = channel(0);
        s.launch(async move {
            for x in 1..=5 {
                to.send(x * x).await.expect("main receives five");
            }
        });
        for _ in 0..5 {
            println!("{}", from.recv().await.expect("five are sent"));
        }
        println!("Done!");
    });
}
