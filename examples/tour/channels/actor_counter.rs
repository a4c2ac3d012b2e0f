//! An actor: a coroutine with a mailbox. The counter is a variable of its own, which nobody else can reach.

use coscope::channel::{OneshotSender, Receiver};
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("actor-counter", "A million increments told to an actor", run)
        .prints(&["Counter = 1000000"])
        .in_real_time()
        .alone();

enum Message {
    Increment,
    Get(OneshotSender<u32>),
}

async fn counter(inbox: Receiver<Message>) {
    let mut count = 0;
    while let Ok(message) = inbox.recv().await {
        match message {
            Message::Increment => count += 1,
            Message::Get(reply) => drop(reply.send(count)),
        }
    }
}

fn run() {
    stage::run(async |s: Scope| {
        let mailbox = s.on(Dispatchers::default()).actor(64, counter);
        scope(async |s: Scope| {
            for _ in 0..1_000 {
                let mailbox = mailbox.clone();
                s.on(Dispatchers::default()).launch(async move {
                    for _ in 0..1_000 {
                        assert!(mailbox.tell(Message::Increment).await.is_ok(), "it is there to the end");
                    }
                });
            }
        })
        .await;
        println!("Counter = {}", mailbox.ask(Message::Get).await.unwrap_or_default());
        mailbox.stop();
    });
}
