//! A producer is a coroutine together with the channel into which it sends; it is also a stream.

use coscope::actor::Produced;
use coscope::channel::Sender;
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("produced", "A coroutine that produces", run).prints(&["1", "4", "9", "16", "25", "Done!"]);

fn squares(s: &Scope) -> Produced<u32> {
    s.produce(0, async |to: Sender<u32>| {
        for x in 1..=5 {
            to.send(x * x).await.expect("main receives all");
        }
    })
}

fn run() {
    stage::run(async |s: Scope| {
        let squares = squares(&s);
        while let Ok(square) = squares.recv().await {
            println!("{square}");
        }
        println!("Done!");
    });
}
