//! Fan-out: five coroutines receive from one producer, and share its work. Cancelling that ends all five.

use coscope::actor::Produced;
use coscope::channel::Sender;
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("fan-out", "Five receive from one", run)
    .prints(&[
        "Processor #{0..4} received 1",
        "Processor #{0..4} received 2",
        "Processor #{0..4} received 3",
        "Processor #{0..4} received 4",
        "Processor #{0..4} received 5",
        "Processor #{0..4} received 6",
        "Processor #{0..4} received 7",
        "Processor #{0..4} received 8",
        "Processor #{0..4} received 9",
        "Processor #{0..4} received 10",
    ])
    .in_virtual_time();

fn ten_a_second(s: &Scope) -> Produced<u32> {
    s.produce(0, async |to: Sender<u32>| {
        let mut ticks = interval(ms(100));
        for x in 1.. {
            ticks.tick().await;
            to.send(x).await.expect("it is cancelled when nobody receives");
        }
    })
}

async fn process(id: u32, numbers: Produced<u32>) {
    while let Ok(x) = numbers.recv().await {
        println!("Processor #{id} received {x}");
    }
}

fn run() {
    stage::run(async |s: Scope| {
        let numbers = ten_a_second(&s);
        for id in 0..5 {
            s.launch(process(id, numbers.clone()));
        }
        delay(ms(950)).await;
        numbers.cancel();
    });
}
