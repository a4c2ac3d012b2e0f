//! Two things happen over and over: dots each second, a message each five seconds, the first one after
//! two. The producer owns a scope of its own; asked to stop, it produces no more.

use coscope::{current_context, prelude::*};

use crate::chapter::Chapter;
use crate::stage::{self, ms};

pub(crate) const CHAPTER: Chapter =
    Chapter::new("periodic", "A message every five seconds, until it is stopped", run)
        .in_virtual_time()
        .prints(&[
            "...",
            "...",
            "You have a message!",
            "...",
            "...",
            "...",
            "...",
            "...",
            "You have a message!",
            "...",
            "stopped",
            "...",
            "...",
            "...",
            "...",
            "...",
            "...",
        ]);

const SECOND: u64 = 1000;

struct NotificationProducer(CoroutineScope);

impl NotificationProducer {
    fn start(context: CoroutineContext) -> Self {
        let scope = CoroutineScope::new(context);
        scope.launch(async {
            let mut ticks = interval(ms(5 * SECOND)).initial_delay(ms(2 * SECOND));
            loop {
                ticks.tick().await;
                println!("You have a message!");
            }
        });
        NotificationProducer(scope)
    }

    fn stop(self) {
        self.0.cancel("no more messages");
    }
}

fn run() {
    stage::run(async |_| {
        let mut producer = Some(NotificationProducer::start(current_context()));
        delay(ms(SECOND / 2)).await;
        for second in 0..14 {
            if second == 8 {
                producer.take().unwrap().stop();
                println!("stopped");
            }
            println!("...");
            delay(ms(SECOND)).await;
        }
    });
}
