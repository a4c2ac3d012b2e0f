//! A program with a window has a main thread of its own and says which dispatcher stands for it. Until
//! then its use is an error that says so. Whoever is on it already gets there at once by the immediate
//! form, past what is queued.

use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage::{self, thread};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("main-dispatcher", "The main dispatcher, missing, set and immediate", run)
        .prints(&[
            "missing: no main dispatcher: one must be set, with `Dispatchers::set_main`, before it is used",
            "set: Window",
            "already there, the immediate form goes on at once",
            "what was queued comes after",
        ])
        .in_real_time();

fn run() {
    std::panic::set_hook(Box::new(|_| {})); // the error is printed below
    stage::run(async |_| {
        let lost = supervisor_scope(async |s: Supervisor| {
            s.spawn(async { with_context(Dispatchers::main(), async { thread() }).await }).await
        });
        match lost.await {
            Err(JoinError::Panicked { panic, .. }) => println!("missing: {}", panic.message()),
            other => println!("missing: {other:?}"),
        }
    });

    Dispatchers::set_main(Dispatchers::single_thread("Window"));
    stage::run(async |s: Scope| {
        s.on(Dispatchers::main()).launch(scope(async |s: Scope| {
            println!("set: {}", thread());
            s.launch(async { println!("what was queued comes after") });
            with_context(Dispatchers::main_immediate(), async {
                println!("already there, the immediate form goes on at once");
            })
            .await;
        }));
    });
    Dispatchers::reset_main();
}
