//! Where several clauses could be first the one listed first wins; and a closed channel is always ready, to say so.

use coscope::channel::{Receiver, Sender};
use coscope::{prelude::*, select};

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("closed-clause", "The first listed wins, and a channel that is closed", run).prints(&[
        "a -> 'Hello 0'",
        "a -> 'Hello 1'",
        "b -> 'World 0'",
        "a -> 'Hello 2'",
        "a -> 'Hello 3'",
        "b -> 'World 1'",
        "Channel 'a' is closed",
        "Channel 'a' is closed",
    ]);

async fn four(to: Sender<String>, text: &str) {
    for i in 0..4 {
        to.send(format!("{text} {i}")).await.expect("it is cancelled when nobody receives");
    }
}

async fn a_or_b(a: &Receiver<String>, b: &Receiver<String>) -> String {
    select! {
        text = a.recv() => text.map_or("Channel 'a' is closed".to_owned(), |text| format!("a -> '{text}'")),
        text = b.recv() => text.map_or("Channel 'b' is closed".to_owned(), |text| format!("b -> '{text}'")),
    }
}

fn run() {
    stage::run(async |s: Scope| {
        let a = s.produce(0, |to| four(to, "Hello"));
        let b = s.produce(0, |to| four(to, "World"));
        for _ in 0..8 {
            println!("{}", a_or_b(&a, &b).await);
        }
        s.cancel_children("eight will do");
    });
}
