//! A mutex: whoever cannot have it waits, and keeps no thread meanwhile.

use coscope::prelude::*;
use coscope::sync::Mutex;

use super::counting::massive_run;
use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter = Chapter::new("locked-counter", "A million increments under a mutex", run)
    .prints(&["Counter = 1000000"])
    .in_real_time()
    .alone();

static COUNTER: Mutex<usize> = Mutex::new(0);

fn run() {
    stage::run(async |_| {
        massive_run(Dispatchers::default(), async || *COUNTER.lock().await += 1).await;
        println!("Counter = {}", *COUNTER.lock().await);
    });
}
