//! A value that is awaited until the next one comes: results in a select with the channel that brings them.

use std::time::Duration;

use coscope::actor::Produced;
use coscope::channel::{Receiver, Sender, channel};
use coscope::{prelude::*, select};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("switch-map", "Awaited until the next one comes", run)
    .prints(&["BEGIN", "Replace", "END", "Channel was closed"]);

type Later = Deferred<&'static str>;

fn switch_map(s: &Scope, input: Receiver<Later>) -> Produced<&'static str> {
    s.produce(0, async move |to: Sender<&'static str>| {
        let mut current = input.recv().await.ok();
        while let Some(mut awaited) = current {
            current = select! {
                next = input.recv() => next.ok(),
                value = awaited.by_ref() => {
                    to.send(value).await.expect("it is cancelled when nobody receives");
                    input.recv().await.ok()
                }
            };
        }
        println!("Channel was closed");
    })
}

fn later(s: &Scope, text: &'static str, time: Duration) -> Later {
    s.spawn(async move {
        delay(time).await;
        text
    })
}

fn run() {
    stage::run(async |s: Scope| {
        let (to, input) = channel(0);
        let results = switch_map(&s, input);
        s.launch(async move {
            while let Ok(text) = results.recv().await {
                println!("{text}");
            }
        });
        for (text, time, pause) in
            [("BEGIN", 100, 200), ("Slow", 500, 100), ("Replace", 100, 500), ("END", 500, 1000)]
        {
            assert!(to.send(later(&s, text, ms(time))).await.is_ok(), "it receives to the end");
            delay(ms(pause)).await;
        }
        to.close();
        delay(ms(500)).await;
    });
}
