//! The faults.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use coscope::channel::channel;
use coscope::prelude::*;
use coscope::sync::Mutex;
use coscope_debug::FindingKind;

const HOUR: Duration = Duration::from_secs(3600);
const MOMENT: Duration = Duration::from_millis(10);

type Planted = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A program that does not go on.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// How it is found.
    pub(crate) kind: FindingKind,
    /// The coroutines that the finding names.
    #[cfg_attr(not(test), expect(dead_code))]
    pub(crate) names: &'static [&'static str],
    pub(crate) plant: fn(Scope) -> Planted,
}

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        name: "lock-cycle",
        what: "two take two locks, each in its own order",
        kind: FindingKind::Deadlock,
        names: &["transfer", "audit"],
        plant: |s| Box::pin(lock_cycle(s)),
    },
    Fault {
        name: "lost-waker",
        what: "a future of somebody else forgets the waker that it was polled with",
        kind: FindingKind::NotWoken,
        names: &["driver"],
        plant: |s| Box::pin(lost_waker(s)),
    },
    Fault {
        name: "long-step",
        what: "a coroutine computes, and never suspends",
        kind: FindingKind::LongStep,
        names: &["hash"],
        plant: |s| Box::pin(long_step(s)),
    },
    Fault {
        name: "leaked-child",
        what: "a scope waits for a child that has no end",
        kind: FindingKind::LongChild,
        names: &["request", "heartbeat"],
        plant: |s| Box::pin(leaked_child(s)),
    },
    Fault {
        name: "held-lock",
        what: "a lock is held across a long wait",
        kind: FindingKind::LongWait,
        names: &["writer", "reader"],
        plant: |s| Box::pin(held_lock(s)),
    },
    Fault {
        name: "full-channel",
        what: "a receiver has gone to do something else, and its channel is full",
        kind: FindingKind::LongWait,
        names: &["camera", "screen"],
        plant: |s| Box::pin(full_channel(s)),
    },
    Fault {
        name: "open-channel",
        what: "a channel that nobody sends to any more is not closed",
        kind: FindingKind::LongChild,
        names: &["shop", "packer"],
        plant: |s| Box::pin(open_channel(s)),
    },
    Fault {
        name: "detached",
        what: "a detached coroutine that nobody ends",
        kind: FindingKind::LongDetached,
        names: &["poller"],
        plant: |s| Box::pin(detached(s)),
    },
    Fault {
        name: "clean-up",
        what: "a clean-up that hangs",
        kind: FindingKind::LongChild,
        names: &["session", "finalizer"],
        plant: |s| Box::pin(clean_up(s)),
    },
];

async fn open_channel(s: Scope) {
    let (orders, inbox) = channel::<&str>(8);
    s.named("shop").launch(scope(async move |s: Scope| {
        s.named("packer").launch(async move { while inbox.recv().await.is_ok() {} });
        std::mem::forget(orders); // in a table of all shops, say
    }));
}

async fn detached(_: Scope) {
    let poller = coscope::detached().named("poller").launch(delay(HOUR));
    // for this program's own sake
    delay(HOUR).finally(async move { poller.cancel_and_join("diagnosed").await }).await;
}

async fn clean_up(s: Scope) {
    let session = s.named("session").launch(delay(HOUR).finally(delay(MOMENT * 200))); // the peer does not say goodbye
    delay(MOMENT).await;
    session.cancel("the user has left");
}

async fn lock_cycle(s: Scope) {
    let (accounts, journal) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let both = |first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
        let (first, second) = (first.clone(), second.clone());
        async move {
            let _first = first.lock().await;
            delay(MOMENT).await;
            let _second = second.lock().await;
        }
    };
    s.named("transfer").launch(both(&accounts, &journal));
    s.named("audit").launch(both(&journal, &accounts));
}

async fn lost_waker(s: Scope) {
    s.named("driver").launch(poll_fn(|_the_waker_is_forgotten| Poll::<()>::Pending));
}

async fn long_step(s: Scope) {
    s.named("hash").launch(async {
        delay(MOMENT).await;
        let mut sum = 0u64;
        while is_active() {
            sum = sum.wrapping_mul(31).wrapping_add(7); // where it would have to yield now and then
        }
        std::hint::black_box(sum);
    });
}

async fn leaked_child(s: Scope) {
    s.named("request").launch(scope(async |s: Scope| {
        s.named("heartbeat").launch(async {
            loop {
                delay(HOUR).await;
            }
        });
    }));
}

async fn held_lock(s: Scope) {
    let file = Arc::new(Mutex::new(()));
    let shared = file.clone();
    s.named("writer").launch(async move {
        let _held = file.lock().await;
        delay(HOUR).await; // a server that does not answer, say
    });
    s.named("reader").launch(async move {
        delay(MOMENT).await;
        drop(shared.lock().await);
    });
}

async fn full_channel(s: Scope) {
    let (pictures, shown) = channel::<&str>(1);
    s.named("screen").launch(async move {
        let _first = shown.recv().await;
        delay(HOUR).await; // it means to come back
        drop(shown);
    });
    s.named("camera").launch(async move {
        delay(MOMENT).await;
        while pictures.send("a picture").await.is_ok() {}
    });
}
