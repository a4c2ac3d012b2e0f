//! A counter that a view of the pool takes care of, one step at a time.

use coscope::{Dispatchers, Scope, scope, with_context};

use crate::sample::{Sample, Watch};
use crate::scenario::w3::{Confined, TIMES};

pub(super) async fn fine(_: Scope, n: usize) -> Sample {
    let confined = Dispatchers::default().limited_parallelism(1);
    let counter = Confined::leaked();
    let watch = Watch::start();
    scope(async |all: Scope| {
        for _ in 0..n / TIMES {
            let confined = confined.clone();
            all.launch(async move {
                for _ in 0..TIMES {
                    with_context(&confined, async { counter.increment() }).await;
                }
            });
        }
    })
    .await;
    watch.stop(counter.get(), n)
}

pub(super) async fn coarse(_: Scope, n: usize) -> Sample {
    let confined = Dispatchers::default().limited_parallelism(1);
    let counter = Confined::leaked();
    let watch = Watch::start();
    scope(async |all: Scope| {
        for _ in 0..n / TIMES {
            all.on(&confined).launch(async {
                for _ in 0..TIMES {
                    counter.increment();
                }
            });
        }
    })
    .await;
    watch.stop(counter.get(), n)
}
