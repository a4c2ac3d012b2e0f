//! A component that takes its dispatcher as a parameter, IO unless told otherwise, can be tested in virtual
//! time: an hour of retries is over at once, and took an hour exactly.

use coscope::{current_context, now, prelude::*};
use coscope_test::run_test;

use crate::chapter::Chapter;
use crate::stage::{ms, ms_since};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("injected-dispatcher", "A component with its dispatcher as a parameter", run)
        .prints(&["user after 3600000 ms of virtual time", "{number} ms of real time"])
        .in_virtual_time();

struct UserRepository {
    dispatcher: Dispatcher,
}

impl Default for UserRepository {
    fn default() -> Self {
        UserRepository { dispatcher: Dispatchers::io() }
    }
}

impl UserRepository {
    async fn user(&self) -> &'static str {
        with_context(self.dispatcher.clone(), async {
            for _failed in 0..60 {
                delay(ms(60_000)).await;
            }
            "user"
        })
        .await
    }
}

fn run() {
    let real = now();
    run_test(async |_| {
        let begin = now();
        let dispatcher = current_context().dispatcher().unwrap().clone();
        let repository = UserRepository { dispatcher };
        let user = repository.user().await;
        println!("{user} after {} ms of virtual time", ms_since(begin));
    });
    println!("{} ms of real time", ms_since(real));
    let _as_the_program_makes_it = UserRepository::default();
}
