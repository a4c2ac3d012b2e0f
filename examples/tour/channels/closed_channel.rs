//! A closed channel: whoever receives gets all that was sent before, and then learns that there is no more. It closes as
//! well when its last sender goes.

use coscope::channel::channel;
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("closed-channel", "Receiving until the channel is closed", run)
        .prints(&["1", "4", "9", "16", "25", "Done!"]);

fn run() {
    stage::run(async |s: Scope| {
        let (to, from) = channel(0);
        s.launch(async move {
            for x in 1..=5 {
                to.send(x * x).await.expect("main receives all");
            }
            to.close();
        });
        while let Ok(square) = from.recv().await {
            println!("{square}");
        }
        println!("Done!");
    });
}
