//! A wait that is cut takes its listener back.

use std::collections::BTreeMap;
use std::sync::Mutex;

use coscope::prelude::*;
use coscope::{Resumer, suspend_cancellable};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("callback-cancelled", "Awaiting a callback that does not come in time", run).prints(&[
        "1 listener",
        "Timed out waiting for 100 ms",
        "0 listeners",
    ]);

static LISTENERS: Mutex<BTreeMap<u32, Resumer<()>>> = Mutex::new(BTreeMap::new());

fn listeners() -> usize {
    LISTENERS.lock().unwrap().len()
}

fn run() {
    stage::run(async |s: Scope| {
        s.launch(async {
            delay(ms(50)).await;
            println!("{} listener", listeners());
        });
        let event = suspend_cancellable(|resumer| {
            resumer.on_cancel(|| drop(LISTENERS.lock().unwrap().remove(&1)));
            LISTENERS.lock().unwrap().insert(1, resumer);
        });
        if let Err(timed_out) = with_timeout(ms(100), event).await {
            println!("{timed_out}");
        }
        println!("{} listeners", listeners());
    });
}
