//! Beside a load, and without any.

use std::thread::sleep;
use std::time::Duration;

use coscope::{Dispatchers, Scope, delay, run_blocking_on, scope};
use coscope_scheduler::Builder;

use crate::peer::Run;
use crate::sample::Sample;
use crate::scenario::{idle, load};

/// How long the threads of a pool wait before they retire.
const KEEP_ALIVE: Duration = Duration::from_millis(200);

pub(super) async fn blocking_beside(parent: Scope, n: usize) -> Sample {
    let start =
        |watch: crate::sample::Watch| parent.on(Dispatchers::io()).spawn(async move { watch.stop(n, 1) });
    load::beside(parent.clone(), start).await
}

/// A pool of its own has worked and has retired; the process's has worked, and is parked.
pub(super) fn idle() -> Run {
    Box::new(|n| {
        let pool = Builder::new().keep_alive(KEEP_ALIVE).build();
        for (cpu, io) in [(pool.cpu(), pool.io()), (Dispatchers::default(), Dispatchers::io())] {
            run_blocking_on(cpu, async |_: Scope| {
                scope(async |all: Scope| {
                    for _ in 0..100 {
                        all.launch(delay(Duration::from_millis(5)));
                        all.on(&io).launch(async { sleep(Duration::from_millis(5)) });
                    }
                })
                .await;
            });
        }
        while pool.metrics().threads > 0 {
            sleep(KEEP_ALIVE);
        }
        idle::look(n)
    })
}
