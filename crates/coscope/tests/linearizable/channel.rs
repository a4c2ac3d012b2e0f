//! [`ChannelSubject`]: a channel of some flavor under test.

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::atomic::{AtomicIsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

use coscope::channel::{
    Capacity, Overflow, Receiver, RecvError, SendError, Sender, TryRecvError, TrySendError, channel_with,
};

use super::channel_call::{Answer, Op};
use super::channel_model::ChannelModel;
use super::dice::Dice;
use super::place::{Place, Stage};
use super::subject::{Calling, Subject, Todo};

thread_local! {
    /// The messages that this thread has dropped, while somebody looks.
    static DROPPED: RefCell<Option<Vec<u32>>> = const { RefCell::new(None) };
}

/// The messages that are dropped with what is let go of.
pub(crate) fn dropped(let_go: Box<dyn FnOnce() + '_>) -> Vec<u32> {
    DROPPED.set(Some(vec![]));
    let_go();
    DROPPED.take().unwrap_or_default()
}

/// A message, counted while it is alive.
pub(crate) struct Message {
    number: u32,
    alive: Arc<AtomicIsize>,
}

impl Drop for Message {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, SeqCst);
        DROPPED.with_borrow_mut(|dropped| dropped.iter_mut().for_each(|dropped| dropped.push(self.number)));
    }
}

impl From<Result<(), SendError<Message>>> for Answer {
    fn from(result: Result<(), SendError<Message>>) -> Self {
        result.map_or(Answer::Refused, |()| Answer::Sent)
    }
}

impl From<Result<Message, RecvError>> for Answer {
    fn from(result: Result<Message, RecvError>) -> Self {
        result.map_or(Answer::Ended, |message| Answer::Got(message.number))
    }
}

/// Does it on a thread of its own, so that the caller counts as one who sleeps.
async fn aside(call: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    let done = Arc::new(Mutex::new(None));
    let mut call = Some(call);
    poll_fn(move |cx| {
        if let Some(call) = call.take() {
            let (done, waker) = (done.clone(), cx.waker().clone());
            thread::spawn(move || {
                let answer = call();
                *done.lock().unwrap() = Some(answer);
                waker.wake();
            });
        }
        done.lock().unwrap().take().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Which channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flavor(pub(crate) Capacity, pub(crate) Overflow);

impl Flavor {
    pub(crate) const ALL: [Flavor; 9] = [
        Flavor(Capacity::Rendezvous, Overflow::Suspend),
        Flavor(Capacity::Buffered(1), Overflow::Suspend),
        Flavor(Capacity::Buffered(2), Overflow::Suspend),
        Flavor(Capacity::Buffered(3), Overflow::Suspend),
        Flavor(Capacity::Unlimited, Overflow::Suspend),
        Flavor(Capacity::Conflated, Overflow::DropOldest),
        Flavor(Capacity::Buffered(2), Overflow::DropOldest),
        Flavor(Capacity::Buffered(1), Overflow::DropLatest),
        Flavor(Capacity::Buffered(2), Overflow::DropLatest),
    ];

    fn capacity(self) -> usize {
        match self.0 {
            Capacity::Rendezvous => 0,
            Capacity::Buffered(capacity) => capacity,
            Capacity::Unlimited => usize::MAX,
            Capacity::Conflated => 1,
        }
    }
}

pub(crate) struct ChannelSubject {
    flavor: Flavor,
    /// Whether some calls block.
    blocks: bool,
    pub(crate) sender: Sender<Message>,
    pub(crate) receiver: Receiver<Message>,
    alive: Arc<AtomicIsize>,
}

impl ChannelSubject {
    pub(crate) fn new(flavor: Flavor) -> Self {
        let (sender, receiver) = channel_with(flavor.0, flavor.1);
        ChannelSubject { flavor, blocks: false, sender, receiver, alive: Arc::default() }
    }

    /// With calls that block, for threads.
    pub(crate) fn blocking(flavor: Flavor) -> Self {
        ChannelSubject { blocks: true, ..ChannelSubject::new(flavor) }
    }

    pub(crate) fn message(&self, number: u32) -> Message {
        self.alive.fetch_add(1, SeqCst);
        Message { number, alive: self.alive.clone() }
    }
}

impl Subject for ChannelSubject {
    type Model = ChannelModel;
    type Hand = Option<Place>;

    fn model(&self) -> ChannelModel {
        ChannelModel::new(self.flavor.capacity(), self.flavor.1)
    }

    fn program(&self, dice: &mut Dice, thread: usize, length: usize) -> Vec<Todo<Op>> {
        // some threads send more, some receive more, some do both
        let leaning = [3, 7, 5][dice.roll(3) as usize];
        let places = dice.roll(3) == 0;
        let mut ops = vec![];
        for number in (thread as u32 + 1) * 100.. {
            let sends = dice.roll(10) < leaning;
            let op = match dice.roll(24) {
                0 => Op::Len,
                1 => Op::IsClosed,
                2 if dice.roll(3) == 0 => Op::Close,
                3 if dice.roll(6) == 0 => Op::Cancel,
                4..8 if sends => Op::TrySend(number),
                4..8 => Op::TryRecv,
                8..10 if places => Op::Reserve,
                10..12 if places => Op::TryReserve,
                12..18 if places => [Op::SendReserved(number), Op::Release][dice.roll(3) as usize / 2],
                _ if sends && self.blocks && dice.roll(6) == 0 => Op::SendBlocking(number),
                _ if sends => Op::Send(number),
                18..21 => Op::RecvMany(1 + dice.roll(3) as usize),
                _ if self.blocks && dice.roll(6) == 0 => Op::RecvBlocking,
                _ => Op::Recv,
            };
            let blocks = matches!(op, Op::SendBlocking(_) | Op::RecvBlocking);
            ops.push(if blocks { Todo::surely(op, dice) } else { Todo::of(op, dice) });
            if ops.len() == length {
                break;
            }
        }
        ops
    }

    fn is_next(op: &mut Op, hand: &Option<Place>) -> bool {
        match op {
            Op::Reserve | Op::TryReserve => hand.is_none(),
            Op::SendReserved(_) | Op::Release => hand.is_some(),
            _ => true,
        }
    }

    fn call(self: Arc<Self>, op: Op, hand: &Arc<Mutex<Option<Place>>>) -> Calling<Answer> {
        let hand = hand.clone();
        let yes = |yes| if yes { Answer::Yes } else { Answer::No };
        // not in the block below: it is the call's from the start
        let message = match op {
            Op::Send(number) | Op::TrySend(number) | Op::SendBlocking(number) => Some(self.message(number)),
            _ => None,
        };
        Box::pin(async move {
            match (op, message) {
                (Op::Send(_), Some(message)) => self.sender.send(message).await.into(),
                (Op::TrySend(_), Some(message)) => match self.sender.try_send(message) {
                    Ok(()) => Answer::Sent,
                    Err(TrySendError::Full(_)) => Answer::Full,
                    Err(TrySendError::Closed(_)) => Answer::Refused,
                },
                (Op::Recv, _) => self.receiver.recv().await.into(),
                (Op::TryRecv, _) => match self.receiver.try_recv() {
                    Ok(message) => Answer::Got(message.number),
                    Err(TryRecvError::Empty) => Answer::Empty,
                    Err(TryRecvError::Closed(_)) => Answer::Ended,
                },
                (Op::SendBlocking(_), Some(message)) => {
                    aside(move || self.sender.send_blocking(message).into()).await
                }
                (Op::RecvBlocking, _) => aside(move || self.receiver.recv_blocking().into()).await,
                (Op::RecvMany(most), _) => {
                    let mut all = vec![];
                    match self.receiver.recv_many(&mut all, most).await {
                        0 => Answer::Ended,
                        count => {
                            assert_eq!(count, all.len());
                            Answer::Many(all.iter().map(|message| message.number).collect())
                        }
                    }
                }
                (Op::Reserve | Op::TryReserve, _) => {
                    let mut place = Place::new(self, op == Op::TryReserve);
                    match poll_fn(|cx| place.poll(cx)).await {
                        Stage::Refused => return Answer::Refused,
                        Stage::Full => return Answer::Full,
                        _ => {}
                    }
                    *hand.lock().unwrap() = Some(place);
                    Answer::Place
                }
                (Op::SendReserved(_) | Op::Release, _) => {
                    let place = hand.lock().unwrap().take().expect("it has one");
                    place.told(if let Op::SendReserved(number) = op {
                        Stage::Send(number)
                    } else {
                        Stage::Release
                    })
                }
                (Op::Close, _) => yes(self.sender.close()),
                (Op::Cancel, _) => yes(self.receiver.cancel()),
                (Op::Len, _) => Answer::Count(self.receiver.len()),
                (Op::IsClosed, _) => yes(self.sender.is_closed()),
                (Op::Send(_) | Op::TrySend(_) | Op::SendBlocking(_), None) => {
                    unreachable!("what sends has a message")
                }
            }
        })
    }

    fn give_up(op: &Op, let_go: Box<dyn FnOnce() + '_>) -> Answer {
        let dropped = dropped(let_go);
        match *op {
            Op::Send(number) if dropped.contains(&number) => Answer::Unsent,
            Op::Send(_) => Answer::Sent,
            _ => Answer::Nothing,
        }
    }

    fn ending(&self) -> Vec<Op> {
        let mut ops = vec![Op::TryRecv; 10];
        ops[0] = Op::Close;
        ops[9] = Op::Cancel;
        ops
    }

    fn is_balanced(&self) -> Result<(), String> {
        match self.alive.load(SeqCst) {
            0 => Ok(()),
            left => Err(format!("{left} messages are alive in a cancelled channel")),
        }
    }
}
