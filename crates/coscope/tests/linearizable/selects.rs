//! [`SelectModel`] and [`SelectSubject`]: two channels, and selects of a send or a receive on each.
//!
//! Only in seeded orders: on threads a select that looks at its clauses is passed by for so long, as if it were not there, which
//! this model does not know. And without `reserve`: in a rendezvous a place may be had as long as a receiver stands there, though it
//! be the clause of a select that has just been met elsewhere; the message then waits for the next.

use std::fmt;
use std::sync::{Arc, Mutex};

use coscope::select::Select;

use super::channel::{ChannelSubject, Flavor, dropped};
use super::channel_call;
use super::channel_model::ChannelModel;
use super::checker::{Answers, Came, Model};
use super::dice::Dice;
use super::subject::{Calling, Subject, Todo};

#[derive(Clone, Copy)]
pub(crate) enum Op {
    At(usize, channel_call::Op),
    /// Sends a message or receives, on the one and on the other; the second may be looked at first.
    Select {
        clauses: [Option<u32>; 2],
        second_first: bool,
    },
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::At(at, op) => write!(f, "At({at} {op:?})"),
            Op::Select { clauses, second_first } => {
                let [one, other] = clauses.map(plain);
                if *second_first {
                    write!(f, "Select(1 {other:?}, 0 {one:?})")
                } else {
                    write!(f, "Select(0 {one:?}, 1 {other:?})")
                }
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Of(channel_call::Answer),
    Chose(usize, channel_call::Answer),
    /// It was given up, and this clause had sent, or none.
    Left(Option<usize>),
}

/// Who waits at a channel is known there by the number of its call, doubled: one more if it is a clause.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SelectModel([ChannelModel; 2]);

fn plain(clause: Option<u32>) -> channel_call::Op {
    clause.map_or(channel_call::Op::Recv, channel_call::Op::Send)
}

impl SelectModel {
    /// What has been answered at one channel: who selected does not wait at the other any more.
    fn pass_on(&mut self, at: usize, found: Answers<channel_call::Answer>, answers: &mut Answers<Answer>) {
        for (who, answer) in found {
            if who % 2 == 0 {
                answers.push((who / 2, Answer::Of(answer)));
            } else {
                answers.push((who / 2, Answer::Chose(at, answer)));
                self.leave_one(1 - at, who, Came::Waits, answers);
            }
        }
    }

    fn leave_one(
        &mut self,
        at: usize,
        who: usize,
        came: Came<channel_call::Answer>,
        answers: &mut Answers<Answer>,
    ) {
        let mut found = vec![];
        // it may be either: what does not stand there is not taken out
        for op in [channel_call::Op::Send(0), channel_call::Op::Recv] {
            let came = if op == channel_call::Op::Recv { came.clone() } else { Came::Waits };
            self.0[at].leave(who, &op, came, &mut found);
        }
        self.pass_on(at, found, answers);
    }
}

impl Model for SelectModel {
    type Op = Op;
    type Answer = Answer;

    fn begin(&mut self, id: usize, op: &Op, answers: &mut Answers<Answer>) -> bool {
        match *op {
            Op::At(at, op) => {
                let mut found = vec![];
                self.0[at].begin(2 * id, &op, &mut found);
                self.pass_on(at, found, answers);
            }
            Op::Select { clauses, second_first } => {
                for at in if second_first { [1, 0] } else { [0, 1] } {
                    let mut found = vec![];
                    self.0[at].begin(2 * id + 1, &plain(clauses[at]), &mut found);
                    let chosen = found.iter().any(|answer| answer.0 == 2 * id + 1);
                    self.pass_on(at, found, answers);
                    if chosen {
                        break;
                    }
                }
            }
        }
        true
    }

    fn go_on(&mut self, id: usize, op: &Op, answers: &mut Answers<Answer>) -> bool {
        let Op::At(at, op) = *op else { return false };
        let mut found = vec![];
        let goes_on = self.0[at].go_on(2 * id, &op, &mut found);
        self.pass_on(at, found, answers);
        goes_on
    }

    fn leave(&mut self, id: usize, op: &Op, came: Came<Answer>, answers: &mut Answers<Answer>) -> Answer {
        match *op {
            Op::At(at, op) => {
                let came = match came {
                    Came::NotBegun => Came::NotBegun,
                    Came::To(Answer::Of(answer)) => Came::To(answer),
                    _ => Came::Waits,
                };
                let mut found = vec![];
                let answer = self.0[at].leave(2 * id, &op, came, &mut found);
                self.pass_on(at, found, answers);
                Answer::Of(answer)
            }
            Op::Select { clauses, .. } => match came {
                Came::To(Answer::Chose(at, channel_call::Answer::Sent)) if clauses[at].is_some() => {
                    Answer::Left(Some(at))
                }
                Came::To(Answer::Chose(at, answer)) => {
                    self.leave_one(at, 2 * id + 1, Came::To(answer), answers);
                    Answer::Left(None)
                }
                _ => {
                    (0..2).for_each(|at| self.leave_one(at, 2 * id + 1, Came::Waits, answers));
                    Answer::Left(None)
                }
            },
        }
    }
}

pub(crate) struct SelectSubject([Arc<ChannelSubject>; 2]);

impl SelectSubject {
    pub(crate) fn new(flavors: [Flavor; 2]) -> Self {
        SelectSubject(flavors.map(|flavor| Arc::new(ChannelSubject::new(flavor))))
    }
}

impl Subject for SelectSubject {
    type Model = SelectModel;
    type Hand = ();

    fn model(&self) -> SelectModel {
        SelectModel([0, 1].map(|at| self.0[at].model()))
    }

    fn program(&self, dice: &mut Dice, thread: usize, length: usize) -> Vec<Todo<Op>> {
        let plain = self.0[0].program(dice, thread, length);
        let mut number = thread as u32 * 100 + 50;
        let mut clause = |dice: &mut Dice| {
            number += 1;
            (dice.roll(2) == 0).then_some(number)
        };
        let mut select = |dice: &mut Dice| {
            let clauses = [clause(dice), clause(dice)];
            Op::Select { clauses, second_first: dice.roll(2) == 0 }
        };
        plain
            .into_iter()
            .map(|Todo { op, patience, pause }| {
                use channel_call::Op::{Recv, Release, Reserve, SendReserved, TryReserve};
                let op =
                    if matches!(op, Reserve | TryReserve | SendReserved(_) | Release) { Recv } else { op };
                let selects = dice.roll(2) == 0;
                let op = if selects { select(dice) } else { Op::At(dice.roll(2) as usize, op) };
                Todo { op, patience, pause }
            })
            .collect()
    }

    fn call(self: Arc<Self>, op: Op, _: &Arc<Mutex<()>>) -> Calling<Answer> {
        match op {
            Op::At(at, op) => {
                let call = self.0[at].clone().call(op, &Arc::default());
                Box::pin(async move { Answer::Of(call.await) })
            }
            Op::Select { clauses, second_first } => {
                let messages = [0, 1].map(|at| clauses[at].map(|number| self.0[at].message(number)));
                Box::pin(async move {
                    let mut select = Select::new();
                    let mut both: Vec<_> = messages.into_iter().enumerate().collect();
                    if second_first {
                        both.reverse();
                    }
                    for (at, message) in both {
                        let channel = &self.0[at];
                        let chose = move |answer| Answer::Chose(at, answer);
                        select = match message {
                            Some(message) => {
                                select.on(channel.sender.send(message), move |sent| chose(sent.into()))
                            }
                            None => select.on(channel.receiver.recv(), move |got| chose(got.into())),
                        };
                    }
                    select.await
                })
            }
        }
    }

    fn give_up(op: &Op, let_go: Box<dyn FnOnce() + '_>) -> Answer {
        match op {
            Op::At(_, op) => Answer::Of(ChannelSubject::give_up(op, let_go)),
            Op::Select { clauses, .. } => {
                let dropped = dropped(let_go);
                Answer::Left((0..2).find(|at| clauses[*at].is_some_and(|number| !dropped.contains(&number))))
            }
        }
    }

    fn ending(&self) -> Vec<Op> {
        use channel_call::Op::{Cancel, Close, TryRecv};
        let ops = [Close, TryRecv, TryRecv, TryRecv, Cancel];
        (0..2).flat_map(|at| ops.map(|op| Op::At(at, op))).collect()
    }

    fn is_balanced(&self) -> Result<(), String> {
        self.0[0].is_balanced().and_then(|()| self.0[1].is_balanced())
    }
}
