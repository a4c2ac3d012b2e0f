//! [`SendersModel`] and [`SendersSubject`]: senders of one channel that come and go; behind the last it is closed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use coscope::channel::{Receiver, RecvError, Sender, TryRecvError, WeakSender, unlimited};

use super::checker::{Answers, Came, Model};
use super::dice::Dice;
use super::subject::{Calling, Subject, Todo};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    /// A sender of one's own, if there is one yet.
    Upgrade,
    /// One's own goes.
    Drop,
    /// The first goes, which nobody has for his own.
    DropFirst,
    Send(u32),
    Recv,
    TryRecv,
    IsClosed,
    Close,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Yes,
    No,
    Done,
    Sent,
    Refused,
    Got(u32),
    Empty,
    Ended,
    /// A receive was given up.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SendersModel {
    first: bool,
    senders: usize,
    closed: bool,
    ring: VecDeque<u32>,
    receivers: VecDeque<usize>,
}

impl SendersModel {
    fn one_less(&mut self, answers: &mut Answers<Answer>) {
        self.senders -= 1;
        if self.senders == 0 {
            self.close(answers);
        }
    }

    fn close(&mut self, answers: &mut Answers<Answer>) {
        self.closed = true;
        answers.extend(self.receivers.drain(..).map(|receiver| (receiver, Answer::Ended)));
    }

    fn take(&mut self) -> Option<Answer> {
        self.ring.pop_front().map(Answer::Got).or(self.closed.then_some(Answer::Ended))
    }
}

impl Model for SendersModel {
    type Op = Op;
    type Answer = Answer;

    fn begin(&mut self, id: usize, op: &Op, answers: &mut Answers<Answer>) -> bool {
        let yes = |yes| if yes { Answer::Yes } else { Answer::No };
        let answer = match *op {
            Op::Upgrade => {
                let lives = self.senders > 0;
                self.senders += usize::from(lives);
                yes(lives)
            }
            Op::Drop => {
                self.one_less(answers);
                Answer::Done
            }
            Op::DropFirst => {
                if std::mem::take(&mut self.first) {
                    self.one_less(answers);
                }
                Answer::Done
            }
            Op::Send(_) if self.closed => Answer::Refused,
            Op::Send(message) => {
                match self.receivers.pop_front() {
                    Some(receiver) => answers.push((receiver, Answer::Got(message))),
                    None => self.ring.push_back(message),
                }
                Answer::Sent
            }
            Op::Recv => match self.take() {
                Some(answer) => answer,
                None => {
                    self.receivers.push_back(id);
                    return true;
                }
            },
            Op::TryRecv => self.take().unwrap_or(Answer::Empty),
            Op::IsClosed => yes(self.closed),
            Op::Close => {
                self.close(answers);
                Answer::Done
            }
        };
        answers.push((id, answer));
        true
    }

    fn leave(&mut self, id: usize, _: &Op, came: Came<Answer>, answers: &mut Answers<Answer>) -> Answer {
        self.receivers.retain(|receiver| *receiver != id);
        if let Came::To(Answer::Got(message)) = came {
            match self.receivers.pop_front() {
                Some(next) => answers.push((next, Answer::Got(message))),
                None => self.ring.push_front(message),
            }
        }
        Answer::Nothing
    }
}

pub(crate) struct SendersSubject {
    first: Mutex<Option<Sender<u32>>>,
    weak: WeakSender<u32>,
    receiver: Receiver<u32>,
}

impl SendersSubject {
    pub(crate) fn new() -> Self {
        let (first, receiver) = unlimited();
        SendersSubject { weak: first.downgrade(), first: Mutex::new(Some(first)), receiver }
    }
}

impl From<Result<u32, RecvError>> for Answer {
    fn from(result: Result<u32, RecvError>) -> Self {
        result.map_or(Answer::Ended, Answer::Got)
    }
}

impl Subject for SendersSubject {
    type Model = SendersModel;
    type Hand = Option<Sender<u32>>;

    fn model(&self) -> SendersModel {
        SendersModel {
            first: true,
            senders: 1,
            closed: false,
            ring: VecDeque::new(),
            receivers: VecDeque::new(),
        }
    }

    fn program(&self, dice: &mut Dice, thread: usize, length: usize) -> Vec<Todo<Op>> {
        let numbers = (thread as u32 + 1) * 100..;
        let todo = numbers.take(2 * length).map(|number| {
            let op = match dice.roll(16) {
                0..4 => Op::Upgrade,
                4..8 => Op::Drop,
                8 => Op::DropFirst,
                9..12 => Op::Send(number),
                12 => Op::Recv,
                13..15 => Op::TryRecv,
                _ => Op::IsClosed,
            };
            Todo::of(op, dice)
        });
        todo.collect()
    }

    fn is_next(op: &mut Op, hand: &Option<Sender<u32>>) -> bool {
        match op {
            Op::Upgrade => hand.is_none(),
            Op::Drop | Op::Send(_) => hand.is_some(),
            _ => true,
        }
    }

    fn call(self: Arc<Self>, op: Op, hand: &Arc<Mutex<Option<Sender<u32>>>>) -> Calling<Answer> {
        let hand = hand.clone();
        let yes = |yes| if yes { Answer::Yes } else { Answer::No };
        Box::pin(async move {
            match op {
                Op::Upgrade => {
                    let sender = self.weak.upgrade();
                    let answer = yes(sender.is_some());
                    *hand.lock().unwrap() = sender;
                    answer
                }
                Op::Drop => {
                    drop(hand.lock().unwrap().take());
                    Answer::Done
                }
                Op::DropFirst => {
                    let mut first = self.first.lock().unwrap(); // until it has gone
                    drop(first.take());
                    Answer::Done
                }
                Op::Send(message) => {
                    match hand.lock().unwrap().as_ref().expect("it has one").try_send(message) {
                        Ok(()) => Answer::Sent,
                        Err(_) => Answer::Refused,
                    }
                }
                Op::Recv => self.receiver.recv().await.into(),
                Op::TryRecv => match self.receiver.try_recv() {
                    Ok(message) => Answer::Got(message),
                    Err(TryRecvError::Empty) => Answer::Empty,
                    Err(TryRecvError::Closed(_)) => Answer::Ended,
                },
                Op::IsClosed => yes(self.receiver.is_closed()),
                Op::Close => {
                    self.receiver.close();
                    Answer::Done
                }
            }
        })
    }

    fn give_up(_: &Op, let_go: Box<dyn FnOnce() + '_>) -> Answer {
        let_go();
        Answer::Nothing
    }

    fn ending(&self) -> Vec<Op> {
        vec![Op::DropFirst, Op::Close, Op::Upgrade, Op::Send(1), Op::TryRecv, Op::Drop, Op::TryRecv]
    }
}
