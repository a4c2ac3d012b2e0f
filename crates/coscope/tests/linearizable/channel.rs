//! [`ChannelSubject`]: a channel of some flavor under test.

use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use coscope::channel::{Capacity, Overflow, Receiver, Sender, TryRecvError, TrySendError, channel_with};

use super::channel_model::{Answer, ChannelModel, Op};
use super::dice::Dice;
use super::subject::{Calling, Subject, Todo};

thread_local! {
    /// The message that this thread dropped last.
    static DROPPED: Cell<u32> = const { Cell::new(0) };
}

/// A message, counted while it is alive.
struct Message {
    number: u32,
    alive: Arc<AtomicIsize>,
}

impl Drop for Message {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, SeqCst);
        DROPPED.set(self.number);
    }
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
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    alive: Arc<AtomicIsize>,
}

impl ChannelSubject {
    pub(crate) fn new(flavor: Flavor) -> Self {
        let (sender, receiver) = channel_with(flavor.0, flavor.1);
        ChannelSubject { flavor, sender, receiver, alive: Arc::default() }
    }

    fn message(&self, number: u32) -> Message {
        self.alive.fetch_add(1, SeqCst);
        Message { number, alive: self.alive.clone() }
    }
}

impl Subject for ChannelSubject {
    type Model = ChannelModel;
    type Hand = ();

    fn model(&self) -> ChannelModel {
        ChannelModel::new(self.flavor.capacity(), self.flavor.1)
    }

    fn program(&self, dice: &mut Dice, thread: usize, length: usize) -> Vec<Todo<Op>> {
        // some threads send more, some receive more, some do both
        let leaning = [3, 7, 5][dice.roll(3) as usize];
        (0..length as u32)
            .map(|at| {
                let number = (thread as u32 + 1) * 100 + at;
                let sends = dice.roll(10) < leaning;
                let op = match dice.roll(24) {
                    0 => Op::Len,
                    1 => Op::IsClosed,
                    2 if dice.roll(3) == 0 => Op::Close,
                    3 if dice.roll(6) == 0 => Op::Cancel,
                    4..8 if sends => Op::TrySend(number),
                    4..8 => Op::TryRecv,
                    _ if sends => Op::Send(number),
                    _ => Op::Recv,
                };
                Todo::of(op, dice)
            })
            .collect()
    }

    fn call(self: Arc<Self>, op: Op, _: &Arc<Mutex<()>>) -> Calling<Answer> {
        let yes = |yes| if yes { Answer::Yes } else { Answer::No };
        // not in the block below: it is the call's from the start
        let message = match op {
            Op::Send(number) | Op::TrySend(number) => Some(self.message(number)),
            _ => None,
        };
        Box::pin(async move {
            match (op, message) {
                (Op::Send(_), Some(message)) => match self.sender.send(message).await {
                    Ok(()) => Answer::Sent,
                    Err(_) => Answer::Refused,
                },
                (Op::TrySend(_), Some(message)) => match self.sender.try_send(message) {
                    Ok(()) => Answer::Sent,
                    Err(TrySendError::Full(_)) => Answer::Full,
                    Err(TrySendError::Closed(_)) => Answer::Refused,
                },
                (Op::Recv, _) => match self.receiver.recv().await {
                    Ok(message) => Answer::Got(message.number),
                    Err(_) => Answer::Ended,
                },
                (Op::TryRecv, _) => match self.receiver.try_recv() {
                    Ok(message) => Answer::Got(message.number),
                    Err(TryRecvError::Empty) => Answer::Empty,
                    Err(TryRecvError::Closed(_)) => Answer::Ended,
                },
                (Op::Close, _) => yes(self.sender.close()),
                (Op::Cancel, _) => yes(self.receiver.cancel()),
                (Op::Len, _) => Answer::Count(self.receiver.len()),
                (Op::IsClosed, _) => yes(self.sender.is_closed()),
                (Op::Send(_) | Op::TrySend(_), None) => unreachable!("what sends has a message"),
            }
        })
    }

    fn give_up(op: &Op, let_go: Box<dyn FnOnce() + '_>) -> Answer {
        DROPPED.set(0);
        let_go();
        match *op {
            Op::Send(number) if DROPPED.get() == number => Answer::Unsent,
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
