//! Channels are fair: a player who has sent the ball back and at once receives again does not get it, for the other
//! one has been waiting.

use coscope::channel::{Receiver, Sender, channel};
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter = Chapter::new("table", "Ping and pong take turns", run)
    .prints(&["ping Ball(hits=1)", "pong Ball(hits=2)", "ping Ball(hits=3)", "pong Ball(hits=4)"])
    .in_virtual_time();

struct Ball {
    hits: u32,
}

async fn player(name: &str, to: Sender<Ball>, from: Receiver<Ball>) {
    while let Ok(mut ball) = from.recv().await {
        ball.hits += 1;
        println!("{name} Ball(hits={})", ball.hits);
        delay(ms(300)).await;
        to.send(ball).await.unwrap_or_else(|_| unreachable!("both hold the table"));
    }
}

fn run() {
    stage::run(async |s: Scope| {
        let (to, from) = channel(0);
        s.launch(player("ping", to.clone(), from.clone()));
        s.launch(player("pong", to.clone(), from));
        to.send(Ball { hits: 0 }).await.unwrap_or_else(|_| unreachable!("both wait for it"));
        delay(ms(1000)).await;
        s.cancel_children("game over");
    });
}
