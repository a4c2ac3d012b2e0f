//! A pipeline: one producer receives from another. The first would go on for ever; it ends with the one that
//! receives from it, and that one when main has had enough.

use coscope::actor::Produced;
use coscope::channel::Sender;
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter = Chapter::new("pipeline", "Producers one behind the other", run)
    .prints(&["1", "4", "9", "16", "25", "Done!", "coroutines left: 0"]);

fn numbers(s: &Scope) -> Produced<u32> {
    s.produce(0, async |to: Sender<u32>| {
        for x in 1.. {
            to.send(x).await.expect("it is cancelled when nobody receives");
        }
    })
}

fn squared(s: &Scope, numbers: Produced<u32>) -> Produced<u32> {
    s.produce(0, async move |to: Sender<u32>| {
        while let Ok(x) = numbers.recv().await {
            to.send(x * x).await.expect("it is cancelled when nobody receives");
        }
    })
}

fn run() {
    stage::run(async |s: Scope| {
        let squares = squared(&s, numbers(&s));
        for _ in 0..5 {
            println!("{}", squares.recv().await.expect("there is always one more"));
        }
        println!("Done!");
        let all = s.children();
        drop(squares);
        join_all(all).await;
        println!("coroutines left: {}", s.children().len());
    });
}
