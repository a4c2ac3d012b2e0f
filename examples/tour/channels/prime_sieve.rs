//! A sieve of channels: behind each prime stands a producer that lets through what the prime does not divide.

use coscope::actor::Produced;
use coscope::channel::Sender;
use coscope::prelude::*;

use crate::chapter::Chapter;
use crate::stage;

pub(crate) const CHAPTER: Chapter = Chapter::new("prime-sieve", "Primes, each a stage of a pipeline", run)
    .prints(&["2", "3", "5", "7", "11", "13", "17", "19", "23", "29"]);

fn numbers_from(s: &Scope, start: u32) -> Produced<u32> {
    s.produce(0, async move |to: Sender<u32>| {
        for x in start.. {
            to.send(x).await.expect("it is cancelled when nobody receives");
        }
    })
}

fn filter(s: &Scope, numbers: Produced<u32>, prime: u32) -> Produced<u32> {
    s.produce(0, async move |to: Sender<u32>| {
        while let Ok(x) = numbers.recv().await {
            if x % prime != 0 {
                to.send(x).await.expect("it is cancelled when nobody receives");
            }
        }
    })
}

fn run() {
    stage::run(async |s: Scope| {
        let mut current = numbers_from(&s, 2);
        for _ in 0..10 {
            let prime = current.recv().await.expect("there is always one more");
            println!("{prime}");
            current = filter(&s, current, prime);
        }
        s.cancel_children("ten will do");
    });
}
