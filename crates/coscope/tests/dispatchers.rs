//! Dispatchers as coroutines see them: the main one unset, immediate ones, several at once, nested
//! loops, loops that have gone, threads at their end. Hunts hangs and code that runs where it does not belong.
#![allow(missing_docs, clippy::disallowed_methods)] // tests catch what they provoke

use coscope::prelude::*;
use coscope::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

fn thread_name() -> String {
    std::thread::current().name().unwrap_or("").to_owned()
}

/// The main dispatcher is one for the whole process: one test at a time.
fn main_is_mine() -> MutexGuard<'static, ()> {
    static MINE: Mutex<()> = Mutex::new(());
    MINE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[test]
fn a_launch_on_an_unset_main_dispatcher_panics_and_its_scope_ends() {
    let _mine = main_is_mine();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        run_blocking(async |s: Scope| {
            s.on(Dispatchers::main()).launch(async {});
        });
    }));
    let message = *failed.unwrap_err().downcast::<String>().unwrap();
    assert!(message.starts_with("no main dispatcher"), "{message}");
}
