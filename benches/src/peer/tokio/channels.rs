//! Channels, on tokio: its own, and those that belong to no runtime. Selects over its own; the first of a thousand tasks.

use futures::future::select_all;
use tokio::sync::mpsc;

use super::home;
use super::spawn::Anywhere;
use crate::peer::{Make, Setup};
use crate::sample::{Sample, Watch};
use crate::scenario::w4::{self, Capacity, Link, Outcome, Shape};
use crate::scenario::{w3e, w5};

/// The shape of the work of this name, and whether all is on one thread.
fn shape(work: &str) -> Option<(Shape, bool)> {
    let pool = w4::shape(work).or_else(|| w3e::shape(work));
    pool.map(|shape| (shape, false)).or_else(|| w4::local_shape(work).map(|shape| (shape, true)))
}

fn run<L: Link>(setup: &Setup) -> crate::peer::Run {
    let (shape, local) = shape(setup.work).unwrap();
    let work = move |n| w4::run::<L, _>(Anywhere, shape, n);
    if local { home::current_thread(work) } else { home::workers(setup, work) }
}

pub(super) fn own(work: &str) -> Option<Make> {
    if let Some((shape, _)) = shape(work) {
        return (!shape.is_rendezvous() && !shape.has_many_receivers()).then_some(run::<Own> as Make);
    }
    Some(match work {
        "W5-2" => |setup| home::workers(setup, of_two),
        "W5-8" => |setup| home::workers(setup, of_eight),
        "W5-first" => |setup| home::workers(setup, first),
        _ => return None,
    })
}

pub(super) fn kanal(work: &str) -> Option<Make> {
    shape(work).map(|_| run::<Kanal> as Make)
}

pub(super) fn flume(work: &str) -> Option<Make> {
    shape(work).map(|_| run::<Flume> as Make)
}

pub(super) fn async_channel(work: &str) -> Option<Make> {
    let (shape, _) = shape(work)?;
    (!shape.is_rendezvous()).then_some(run::<AsyncChannel> as Make)
}

/// Its channels that keep all have a sender of another kind, which does not wait; and at capacity 0 it keeps one.
pub(super) fn crossfire(work: &str) -> Option<Make> {
    let (shape, _) = shape(work)?;
    if shape.is_rendezvous() || matches!(shape, Shape::Pass { capacity: None, .. }) {
        return None;
    }
    Some(if shape.has_many_receivers() { run::<CrossfireMany> } else { run::<Crossfire> })
}

struct Own;

/// Bounded and not are two kinds.
#[derive(Clone)]
enum To {
    Bounded(mpsc::Sender<u64>),
    Unbounded(mpsc::UnboundedSender<u64>),
}

enum From {
    Bounded(mpsc::Receiver<u64>),
    Unbounded(mpsc::UnboundedReceiver<u64>),
}

impl Link for Own {
    type Sender = To;
    type Receiver = From;
    fn open(capacity: Capacity) -> (To, From) {
        if let Some(kept) = capacity {
            let (to, from) = mpsc::channel(kept);
            (To::Bounded(to), From::Bounded(from))
        } else {
            let (to, from) = mpsc::unbounded_channel();
            (To::Unbounded(to), From::Unbounded(from))
        }
    }
    fn share(receiver: From, _one: usize) -> Vec<From> {
        vec![receiver]
    }
    async fn send(to: &To, message: u64) {
        match to {
            To::Bounded(to) => to.send(message).await.unwrap(),
            To::Unbounded(to) => to.send(message).unwrap(),
        }
    }
    async fn receive(from: &mut From) -> Option<u64> {
        match from {
            From::Bounded(from) => from.recv().await,
            From::Unbounded(from) => from.recv().await,
        }
    }
}

/// Channels whose ends can both be cloned.
macro_rules! link {
    ($name:ident, $sender:ty, $receiver:ty, $bounded:expr, $unbounded:expr, $send:ident, $receive:ident) => {
        struct $name;

        impl Link for $name {
            type Sender = $sender;
            type Receiver = $receiver;
            fn open(capacity: Capacity) -> ($sender, $receiver) {
                capacity.map_or_else($unbounded, $bounded)
            }
            fn share(receiver: $receiver, receivers: usize) -> Vec<$receiver> {
                vec![receiver; receivers]
            }
            #[inline]
            fn send(to: &$sender, message: u64) -> impl Future<Output = ()> + Send {
                Outcome::of(to.$send(message), Result::unwrap)
            }
            #[inline]
            fn receive(from: &mut $receiver) -> impl Future<Output = Option<u64>> + Send {
                Outcome::of(from.$receive(), Result::ok)
            }
        }
    };
}

link!(
    Kanal,
    kanal::AsyncSender<u64>,
    kanal::AsyncReceiver<u64>,
    kanal::bounded_async,
    kanal::unbounded_async,
    send,
    recv
);
link!(
    Flume,
    flume::Sender<u64>,
    flume::Receiver<u64>,
    flume::bounded,
    flume::unbounded,
    send_async,
    recv_async
);
link!(
    AsyncChannel,
    async_channel::Sender<u64>,
    async_channel::Receiver<u64>,
    async_channel::bounded,
    async_channel::unbounded,
    send,
    recv
);
link!(
    CrossfireMany,
    crossfire::MAsyncTx<crossfire::mpmc::Array<u64>>,
    crossfire::MAsyncRx<crossfire::mpmc::Array<u64>>,
    crossfire::mpmc::bounded_async,
    || unreachable!("not offered"),
    send,
    recv
);

/// With one receiver, which cannot be cloned.
struct Crossfire;

impl Link for Crossfire {
    type Sender = crossfire::MAsyncTx<crossfire::mpsc::Array<u64>>;
    type Receiver = crossfire::AsyncRx<crossfire::mpsc::Array<u64>>;
    fn open(capacity: Capacity) -> (Self::Sender, Self::Receiver) {
        crossfire::mpsc::bounded_async(capacity.expect("not offered"))
    }
    fn share(receiver: Self::Receiver, _one: usize) -> Vec<Self::Receiver> {
        vec![receiver]
    }
    #[inline]
    fn send(to: &Self::Sender, message: u64) -> impl Future<Output = ()> + Send {
        Outcome::of(to.send(message), Result::unwrap)
    }
    #[inline]
    fn receive(from: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send {
        Outcome::of(from.recv(), Result::ok)
    }
}

async fn of_two(n: usize) -> Sample {
    let watch = Watch::start();
    let [mut a, mut b] = w5::fed::<Own, _, 2>(&Anywhere, n);
    let mut done = 0;
    while let Some(_message) = tokio::select! {
        biased;
        Some(message) = Own::receive(&mut a) => Some(message),
        Some(message) = Own::receive(&mut b) => Some(message),
        else => None,
    } {
        done += 1;
    }
    watch.stop(done, n)
}

async fn of_eight(n: usize) -> Sample {
    let watch = Watch::start();
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = w5::fed::<Own, _, 8>(&Anywhere, n);
    let mut done = 0;
    while let Some(_message) = tokio::select! {
        biased;
        Some(message) = Own::receive(&mut a) => Some(message),
        Some(message) = Own::receive(&mut b) => Some(message),
        Some(message) = Own::receive(&mut c) => Some(message),
        Some(message) = Own::receive(&mut d) => Some(message),
        Some(message) = Own::receive(&mut e) => Some(message),
        Some(message) = Own::receive(&mut f) => Some(message),
        Some(message) = Own::receive(&mut g) => Some(message),
        Some(message) = Own::receive(&mut h) => Some(message),
        else => None,
    } {
        done += 1;
    }
    watch.stop(done, n / 8 * 8)
}

async fn first(n: usize) -> Sample {
    let watch = Watch::start();
    let mut done = 0;
    for _ in 0..n / w5::RESULTS {
        let (one, _, _rest) = select_all((0..w5::RESULTS).map(|_| tokio::spawn(async { w5::RESULTS }))).await;
        done += one.unwrap();
    }
    watch.stop(done, n / w5::RESULTS * w5::RESULTS)
}
