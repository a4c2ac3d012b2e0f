//! W4: channels: `u64` messages from some coroutines to others; and back and forth between two of them (W4p).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::row::{Bar, Row};
use crate::runtime::Runtime;
use crate::sample::{Sample, Watch};

/// How many messages are kept; `None`: all.
pub(crate) type Capacity = Option<usize>;

/// Who sends to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Pass { senders: usize, receivers: usize, capacity: Capacity },
    PingPong { capacity: Capacity },
}

const fn pass(senders: usize, receivers: usize, capacity: Capacity) -> Shape {
    Shape::Pass { senders, receivers, capacity }
}

const WORK: &[(&str, Shape)] = &[
    ("W4-spsc-0", pass(1, 1, Some(0))),
    ("W4-spsc-1", pass(1, 1, Some(1))),
    ("W4-spsc-64", pass(1, 1, Some(64))),
    ("W4-spsc-all", pass(1, 1, None)),
    ("W4-mpsc-0", pass(4, 1, Some(0))),
    ("W4-mpsc-1", pass(4, 1, Some(1))),
    ("W4-mpsc-64", pass(4, 1, Some(64))),
    ("W4-mpsc-all", pass(4, 1, None)),
    ("W4-mpmc-0", pass(4, 4, Some(0))),
    ("W4-mpmc-1", pass(4, 4, Some(1))),
    ("W4-mpmc-64", pass(4, 4, Some(64))),
    ("W4-mpmc-all", pass(4, 4, None)),
    ("W4p-0", Shape::PingPong { capacity: Some(0) }),
    ("W4p-1", Shape::PingPong { capacity: Some(1) }),
];

/// Those of one thread.
const LOCAL: &[(&str, Shape)] = &[
    ("W4p-0-local", Shape::PingPong { capacity: Some(0) }),
    ("W4p-1-local", Shape::PingPong { capacity: Some(1) }),
    ("I-spsc-0", pass(1, 1, Some(0))),
    ("I-spsc-1", pass(1, 1, Some(1))),
    ("I-spsc-64", pass(1, 1, Some(64))),
];

pub(crate) fn rows() -> Vec<Row> {
    let row = |&(id, shape): &(&'static str, Shape)| {
        let (about, n) = about(shape);
        let mut row = Row::new(id, &about, n).bars(&[Bar::Best(0.9)]);
        row.part = "communication";
        row
    };
    let local = LOCAL.iter().filter(|(id, _)| id.starts_with("W4p"));
    WORK.iter().map(row).chain(local.map(row).map(Row::single)).collect()
}

fn about(shape: Shape) -> (String, usize) {
    let kept =
        |capacity: Capacity| capacity.map_or("unlimited".to_owned(), |kept| format!("capacity {kept}"));
    match shape {
        Shape::Pass { senders, receivers, capacity } => {
            let about =
                format!("channel, {senders} to {receivers} coroutines, {}; per message", kept(capacity));
            (about, 400_000)
        }
        Shape::PingPong { capacity } => {
            (format!("ping-pong over two channels, {}; per round trip", kept(capacity)), 100_000)
        }
    }
}

/// The shape of the work of this name, on the pool.
pub(crate) fn shape(work: &str) -> Option<Shape> {
    WORK.iter().find(|(id, _)| *id == work).map(|(_, shape)| *shape)
}

/// The shape of the work of this name, on one thread.
pub(crate) fn local_shape(work: &str) -> Option<Shape> {
    LOCAL.iter().find(|(id, _)| *id == work).map(|(_, shape)| *shape)
}

impl Shape {
    /// Whether sender and receiver are to meet.
    pub(crate) fn is_rendezvous(self) -> bool {
        let (Shape::Pass { capacity, .. } | Shape::PingPong { capacity }) = self;
        capacity == Some(0)
    }

    /// Whether several receive.
    pub(crate) fn has_many_receivers(self) -> bool {
        matches!(self, Shape::Pass { receivers: 2.., .. })
    }
}

pin_project! {
    /// A peer's own future, and what of its outcome the row wants to know: not an `async fn` around it, which would be counted with
    /// each message, since no compiler writes it out where it is awaited.
    pub(crate) struct Outcome<F, M> {
        #[pin]
        future: F,
        map: M,
    }
}

impl<F, M> Outcome<F, M> {
    #[inline(always)]
    pub(crate) fn of(future: F, map: M) -> Self {
        Outcome { future, map }
    }
}

impl<F: Future, M: Fn(F::Output) -> T, T> Future for Outcome<F, M> {
    type Output = T;
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = self.project();
        this.future.poll(cx).map(&*this.map)
    }
}

/// Channels, each peer's own.
pub(crate) trait Link: 'static {
    type Sender: Clone + Send + Sync + 'static;
    type Receiver: Send + 'static;
    fn open(capacity: Capacity) -> (Self::Sender, Self::Receiver);
    /// So many receivers of the same channel.
    fn share(receiver: Self::Receiver, receivers: usize) -> Vec<Self::Receiver>;
    fn send(to: &Self::Sender, message: u64) -> impl Future<Output = ()> + Send;
    fn receive(from: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;
}

/// The whole.
pub(crate) async fn run<L: Link, R: Runtime>(runtime: R, shape: Shape, n: usize) -> Sample {
    match shape {
        Shape::Pass { senders, receivers, capacity } => {
            let (to, from) = L::open(capacity);
            let watch = Watch::start();
            let mut counts = Vec::new();
            for mut from in L::share(from, receivers) {
                counts.push(runtime.spawn(async move {
                    let mut count = 0;
                    while L::receive(&mut from).await.is_some() {
                        count += 1;
                    }
                    count
                }));
            }
            start_senders::<L, R>(&runtime, to, senders, n);
            let mut done = 0;
            for count in counts {
                done += count.await;
            }
            watch.stop(done, n / senders * senders)
        }
        Shape::PingPong { capacity } => {
            let (ping, mut from_ping) = L::open(capacity);
            let (pong, mut from_pong) = L::open(capacity);
            let watch = Watch::start();
            let partner = runtime.spawn(async move {
                while let Some(ball) = L::receive(&mut from_ping).await {
                    L::send(&pong, ball).await;
                }
            });
            let mut done = 0;
            for _ in 0..n {
                L::send(&ping, 1).await;
                done += usize::from(L::receive(&mut from_pong).await == Some(1));
            }
            drop(ping);
            partner.await;
            watch.stop(done, n)
        }
    }
}

/// So many coroutines that send `n` messages between them. Nobody awaits them: the channel closes behind the last.
pub(crate) fn start_senders<L: Link, R: Runtime>(runtime: &R, to: L::Sender, senders: usize, n: usize) {
    for _ in 0..senders {
        let to = to.clone();
        R::detach(runtime.spawn(async move {
            for message in 0..n / senders {
                L::send(&to, message as u64).await;
            }
        }));
    }
}
