//! Channels, an actor, selects.

use coscope::channel::{Capacity as Kept, OneshotSender, Receiver, Sender, channel, oneshot};
use coscope::prelude::*;
use coscope::select;
use coscope::select::any_of;

use super::home;
use crate::peer::Make;
use crate::sample::{Sample, Watch};
use crate::scenario::w4::{self, Capacity, Link, Outcome};
use crate::scenario::{w3e, w5};

/// Our own.
struct Ours;

impl Link for Ours {
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;
    fn open(capacity: Capacity) -> (Sender<u64>, Receiver<u64>) {
        channel(capacity.map_or(Kept::Unlimited, Kept::from))
    }
    fn share(receiver: Receiver<u64>, receivers: usize) -> Vec<Receiver<u64>> {
        vec![receiver; receivers]
    }
    #[inline]
    fn send(to: &Sender<u64>, message: u64) -> impl Future<Output = ()> + Send {
        Outcome::of(to.send(message), Result::unwrap)
    }
    #[inline]
    fn receive(from: &mut Receiver<u64>) -> impl Future<Output = Option<u64>> + Send {
        Outcome::of(from.recv(), Result::ok)
    }
}

pub(super) fn offer(work: &str) -> Option<Make> {
    if w4::shape(work).is_some() {
        return Some(|setup| {
            let shape = w4::shape(setup.work).unwrap();
            home::pool(move |s, n| w4::run::<Ours, _>(s, shape, n))
        });
    }
    if w4::local_shape(work).is_some() {
        return Some(|setup| {
            let shape = w4::local_shape(setup.work).unwrap();
            home::event_loop(move |s, n| w4::run::<Ours, _>(s, shape, n))
        });
    }
    Some(match work {
        "W3e-0" | "W3e-1" | "W3e-64" => |setup| {
            let capacity = w3e::capacity(setup.work).unwrap();
            home::pool(move |s, n| tell(s, capacity, n))
        },
        "W5-2" => |_| home::pool(of_two),
        "W5-8" => |_| home::pool(of_eight),
        "W5-first" => |_| home::pool(first),
        _ => return None,
    })
}

async fn tell(s: Scope, capacity: usize, n: usize) -> Sample {
    let watch = Watch::start();
    let (out, total) = oneshot();
    let mailbox = s.actor(capacity, |inbox| add(inbox, out));
    for _ in 0..w3e::COROUTINES {
        let mailbox = mailbox.clone();
        s.launch(async move {
            for _ in 0..n / w3e::COROUTINES {
                mailbox.tell(1).await.unwrap();
            }
        });
    }
    drop(mailbox);
    let done = total.recv().await.unwrap();
    watch.stop(done, n / w3e::COROUTINES * w3e::COROUTINES)
}

async fn add(inbox: Receiver<usize>, out: OneshotSender<usize>) {
    let mut count = 0;
    while let Ok(more) = inbox.recv().await {
        count += more;
    }
    out.send(count).unwrap();
}

async fn of_two(s: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let [a, b] = w5::fed::<Ours, _, 2>(&s, n);
    let mut done = 0;
    while done < n {
        let got = select! {
            got = a.recv() => got,
            got = b.recv() => got,
        };
        // one that has closed is always ready
        if got.is_err() {
            let rest = if a.is_closed() && a.is_empty() { &b } else { &a };
            while rest.recv().await.is_ok() {
                done += 1;
            }
            break;
        }
        done += 1;
    }
    watch.stop(done, n)
}

async fn of_eight(s: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let mut from = w5::fed::<Ours, _, 8>(&s, n).to_vec();
    let mut done = 0;
    while !from.is_empty() {
        let (at, got) = any_of(from.iter().map(Receiver::recv)).await;
        if got.is_ok() {
            done += 1;
        } else {
            from.swap_remove(at);
        }
    }
    watch.stop(done, n / 8 * 8)
}

async fn first(s: Scope, n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n / w5::RESULTS {
        let (_, one) = any_of((0..w5::RESULTS).map(|_| s.spawn(async { w5::RESULTS }))).await;
        done += one;
    }
    watch.stop(done, n / w5::RESULTS * w5::RESULTS)
}
