//! A select may send as well: to whom it may concern first, and to the side when that one is busy.

use coscope::actor::Produced;
use coscope::channel::{Sender, channel};
use coscope::{prelude::*, select};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("side-channel", "Sending to whichever can take it", run)
    .prints(&[
        "Consuming 1",
        "Side channel has 2",
        "Side channel has 3",
        "Consuming 4",
        "Side channel has 5",
        "Side channel has 6",
        "Consuming 7",
        "Side channel has 8",
        "Side channel has 9",
        "Consuming 10",
        "Done consuming",
    ])
    .in_virtual_time();

fn numbers(s: &Scope, side: Sender<u32>) -> Produced<u32> {
    s.produce(0, async move |to: Sender<u32>| {
        for x in 1..=10 {
            delay(ms(100)).await;
            select! {
                sent = to.send(x) => sent.expect("it is cancelled when nobody receives"),
                sent = side.send(x) => sent.expect("somebody always receives"),
            }
        }
    })
}

fn run() {
    stage::run(async |s: Scope| {
        let (side, from_side) = channel(0);
        s.launch(async move {
            while let Ok(x) = from_side.recv().await {
                println!("Side channel has {x}");
            }
        });
        let numbers = numbers(&s, side);
        while let Ok(x) = numbers.recv().await {
            println!("Consuming {x}");
            delay(ms(250)).await;
        }
        println!("Done consuming");
    });
}
