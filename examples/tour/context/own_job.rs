//! A coroutine can look at its own job: its name and number, and how it stands.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter = Chapter::new("own-job", "A coroutine prints its own job", run)
    .prints(&["My job is \"coroutine#1\"{{Active}", "Is it active? true"]);

fn run() {
    stage::run(async |_| {
        println!("My job is {}", current_job());
        println!("Is it active? {}", is_active());
    });
}
