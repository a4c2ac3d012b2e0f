//! [`OneshotModel`] and [`OneshotSubject`]: one sends, several receive.

use std::sync::{Arc, Mutex};

use coscope::channel::{OneshotReceiver, OneshotSender, oneshot};

use super::checker::{Answers, Came, Model};
use super::dice::Dice;
use super::subject::{Calling, Subject, Todo};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    Send(u32),
    DropSender,
    IsClosed,
    Closed,
    Recv,
    TryRecv,
    DropReceiver,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Sent,
    /// Nobody wants it.
    Refused,
    Got(u32),
    /// It will not come; or, of a try, it is not there.
    Never,
    Is(bool),
    Done,
    /// One that waited was given up.
    Nothing,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum OneshotModel {
    #[default]
    Empty,
    Sent(u32),
    Over,
    Unwanted,
}

impl Model for OneshotModel {
    type Op = Op;
    type Answer = Answer;

    fn begin(&mut self, id: usize, op: &Op, answers: &mut Answers<Answer>) -> bool {
        let answer = match (*op, *self) {
            (Op::Send(message), OneshotModel::Empty) => {
                *self = OneshotModel::Sent(message);
                Answer::Sent
            }
            (Op::Send(_), _) => Answer::Refused,
            (Op::DropSender, OneshotModel::Empty) => {
                *self = OneshotModel::Over;
                Answer::Done
            }
            (Op::DropSender, _) => Answer::Done,
            (Op::IsClosed, stage) => Answer::Is(stage == OneshotModel::Unwanted),
            (Op::Closed, OneshotModel::Unwanted) => Answer::Done,
            (Op::Closed, _) | (Op::Recv, OneshotModel::Empty) => return false,
            (Op::Recv | Op::TryRecv, OneshotModel::Sent(message)) => {
                *self = OneshotModel::Over;
                Answer::Got(message)
            }
            (Op::Recv | Op::TryRecv, _) => Answer::Never,
            (Op::DropReceiver, _) => {
                *self = OneshotModel::Unwanted;
                Answer::Done
            }
        };
        answers.push((id, answer));
        true
    }

    /// Whoever waits takes nothing until it is polled, and then it is answered.
    fn leave(&mut self, _: usize, _: &Op, came: Came<Answer>, _: &mut Answers<Answer>) -> Answer {
        match came {
            Came::NotBegun => Answer::Nothing,
            Came::Waits | Came::To(_) => Answer::Done, // which is not what was seen
        }
    }
}

pub(crate) struct OneshotSubject {
    /// The first thread's.
    sender: Mutex<Option<OneshotSender<u32>>>,
    /// That of all others; or of one, who may drop it.
    receiver: Mutex<Option<Arc<OneshotReceiver<u32>>>>,
}

impl OneshotSubject {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = oneshot();
        OneshotSubject { sender: Mutex::new(Some(sender)), receiver: Mutex::new(Some(Arc::new(receiver))) }
    }

    fn receiver(&self) -> Arc<OneshotReceiver<u32>> {
        self.receiver.lock().unwrap().clone().expect("it has not been dropped")
    }
}

impl Subject for OneshotSubject {
    type Model = OneshotModel;
    type Hand = ();

    fn model(&self) -> OneshotModel {
        OneshotModel::default()
    }

    fn program(&self, dice: &mut Dice, thread: usize, length: usize) -> Vec<Todo<Op>> {
        if thread == 0 {
            let mut ops = vec![];
            (0..dice.roll(4)).for_each(|_| ops.push(Todo::of(Op::IsClosed, dice)));
            if dice.roll(2) == 0 {
                ops.push(Todo { patience: Some(dice.roll(40) as u32), ..Todo::surely(Op::Closed, dice) });
            }
            let op = [Op::Send(1), Op::Send(1), Op::DropSender][dice.roll(3) as usize];
            ops.push(Todo::surely(op, dice));
            return ops;
        }
        (0..length).map(|_| Todo::of([Op::Recv, Op::TryRecv][dice.roll(2) as usize], dice)).collect()
    }

    fn finish(&self, programs: &mut [Vec<Todo<Op>>], dice: &mut Dice) {
        if programs.len() == 2 && dice.roll(2) == 0 {
            programs[1].push(Todo::surely(Op::DropReceiver, dice));
        }
    }

    fn call(self: Arc<Self>, op: Op, _: &Arc<Mutex<()>>) -> Calling<Answer> {
        Box::pin(async move {
            let never = |got: Option<u32>| got.map_or(Answer::Never, Answer::Got);
            match op {
                Op::Send(message) => {
                    let sender = self.sender.lock().unwrap().take().expect("it sends once");
                    sender.send(message).map_or(Answer::Refused, |()| Answer::Sent)
                }
                Op::DropSender => {
                    let sender = self.sender.lock().unwrap().take();
                    drop(sender);
                    Answer::Done
                }
                Op::IsClosed => {
                    Answer::Is(self.sender.lock().unwrap().as_ref().is_some_and(OneshotSender::is_closed))
                }
                Op::Closed => {
                    let sender = self.sender.lock().unwrap().take().expect("it has not sent");
                    let sender = Borrowed { sender: Some(sender), of: &self.sender };
                    sender.sender.as_ref().expect("it is there").closed().await;
                    Answer::Done
                }
                Op::Recv => never(self.receiver().recv().await),
                Op::TryRecv => never(self.receiver().try_recv()),
                Op::DropReceiver => {
                    let receiver = self.receiver.lock().unwrap().take();
                    drop(receiver);
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
        vec![]
    }
}

/// The sender, away from its place while it waits.
struct Borrowed<'a> {
    sender: Option<OneshotSender<u32>>,
    of: &'a Mutex<Option<OneshotSender<u32>>>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        *self.of.lock().unwrap() = self.sender.take();
    }
}
