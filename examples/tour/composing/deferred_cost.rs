//! What a deferred value costs: ten thousand spawned and awaited, ten thousand values completed by hand
//! by launched coroutines, and ten thousand bare futures, of which nobody keeps track. The figures are
//! the machine's own; a few rounds stand for the many that a measurement would need.

use coscope::{CompletableDeferred, now, prelude::*};

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter =
    Chapter::new("deferred-cost", "The cost of spawn against bare futures", run)
        .prints(&[
            "spawn and await:          {number} µs",
            "launch and complete:      {number} µs",
            "bare futures:             {number} µs",
            "a structured one costs {number} times a bare one",
        ])
        .in_real_time()
        .alone();

const COUNT: usize = 10_000;

fn run() {
    stage::run(async |_| {
        let spawned = best_of(20, async || {
            scope(async |s: Scope| {
                let all: Vec<_> = (0..COUNT).map(|_| s.spawn(async { "I'm a robot" })).collect();
                let mut count = 0;
                for deferred in all {
                    count += usize::from(!deferred.await.is_empty());
                }
                count
            })
            .await
        });
        let spawned = spawned.await;
        let completed = best_of(20, async || {
            scope(async |s: Scope| {
                let all: Vec<_> = (0..COUNT).map(|_| answer_by_hand(&s)).collect();
                let mut count = 0;
                for deferred in all {
                    count += usize::from(deferred.wait().await.is_ok());
                }
                count
            })
            .await
        });
        let completed = completed.await;
        let bare = best_of(20, async || {
            let all: Vec<_> = (0..COUNT).map(|_| Box::pin(async { "I'm a robot" })).collect();
            let mut count = 0;
            for future in all {
                count += usize::from(!future.await.is_empty());
            }
            count
        });
        let bare = bare.await;
        println!("spawn and await:          {spawned} µs");
        println!("launch and complete:      {completed} µs");
        println!("bare futures:             {bare} µs");
        println!("a structured one costs {} times a bare one", spawned / bare.max(1));
    });
}

fn answer_by_hand(s: &Scope) -> CompletableDeferred<&'static str> {
    let deferred = CompletableDeferred::new();
    let completes = deferred.clone();
    s.launch(async move { completes.complete("I'm a robot").unwrap() });
    deferred
}

/// The least time of so many rounds, in microseconds.
async fn best_of<F: Future<Output = usize>>(rounds: usize, round: impl Fn() -> F) -> u128 {
    let mut best = u128::MAX;
    for _ in 0..rounds {
        let begin = now();
        assert_eq!(round().await, COUNT);
        best = best.min((now() - begin).as_micros());
    }
    best
}
