//! Results as they are ready: three repositories are asked at once, and the quick ones do not wait for the slow one. The
//! channel closes when the last sender goes.

use coscope::channel::{Sender, channel};
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("first-results", "The fast result is not kept back by the slow one", run).prints(&[
        "results :: repo2 after 100 ms",
        "results :: repo3 after 300 ms",
        "results :: repo1 after 500 ms",
        "all are here",
    ]);

async fn ask(name: &str, takes: u64, to: Sender<String>) {
    delay(ms(takes)).await;
    to.send(format!("{name} after {takes} ms")).await.expect("main receives all");
}

fn run() {
    stage::run(async |s: Scope| {
        let (to, results) = channel(0);
        for (name, takes) in [("repo1", 500), ("repo2", 100), ("repo3", 300)] {
            s.launch(ask(name, takes, to.clone()));
        }
        drop(to);
        while let Ok(result) = results.recv().await {
            println!("results :: {result}");
        }
        println!("all are here");
    });
}
