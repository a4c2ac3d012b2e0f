//! [`MutexModel`] and [`MutexSubject`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex as Hand;

use coscope::sync::{Mutex, OwnedMutexGuard};

use super::checker::{Answers, Came, Model};
use super::dice::Dice;
use super::subject::{Calling, Subject, Todo};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    Lock,
    TryLock,
    /// Gives it back, if one has it.
    Unlock,
    Waiters,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Locked,
    Busy,
    /// It was given back, if one had it.
    Done,
    /// A lock was given up.
    Nothing,
    Count(usize),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct MutexModel {
    locked: bool,
    waiters: VecDeque<usize>,
}

impl MutexModel {
    fn unlock(&mut self, answers: &mut Answers<Answer>) {
        match self.waiters.pop_front() {
            Some(next) => answers.push((next, Answer::Locked)),
            None => self.locked = false,
        }
    }
}

impl Model for MutexModel {
    type Op = Op;
    type Answer = Answer;

    fn begin(&mut self, id: usize, op: &Op, answers: &mut Answers<Answer>) -> bool {
        let answer = match op {
            Op::Lock | Op::TryLock if !self.locked => {
                self.locked = true;
                Answer::Locked
            }
            Op::Lock => {
                self.waiters.push_back(id);
                return true;
            }
            Op::TryLock => Answer::Busy,
            Op::Unlock => {
                self.unlock(answers);
                Answer::Done
            }
            Op::Waiters => Answer::Count(self.waiters.len()),
        };
        answers.push((id, answer));
        true
    }

    fn leave(&mut self, id: usize, _: &Op, came: Came<Answer>, answers: &mut Answers<Answer>) -> Answer {
        match came {
            Came::NotBegun => {}
            Came::Waits => self.waiters.retain(|waiter| *waiter != id),
            Came::To(_) => self.unlock(answers),
        }
        Answer::Nothing
    }
}

/// What it protects is counted up by whoever has it, in two steps.
pub(crate) struct MutexSubject(Arc<Mutex<(u64, u64)>>);

impl MutexSubject {
    pub(crate) fn new() -> Self {
        MutexSubject(Arc::default())
    }
}

fn got(mut guard: OwnedMutexGuard<(u64, u64)>, hand: &Hand<Option<OwnedMutexGuard<(u64, u64)>>>) -> Answer {
    assert_eq!(guard.0, guard.1, "two had it at once");
    guard.0 += 1;
    *hand.lock().unwrap() = Some(guard);
    Answer::Locked
}

impl Subject for MutexSubject {
    type Model = MutexModel;
    type Hand = Option<OwnedMutexGuard<(u64, u64)>>;

    fn model(&self) -> MutexModel {
        MutexModel::default()
    }

    fn program(&self, dice: &mut Dice, _: usize, length: usize) -> Vec<Todo<Op>> {
        let mut ops = vec![];
        while ops.len() < length {
            let op = [Op::Lock, Op::Lock, Op::TryLock, Op::Waiters][dice.roll(4) as usize];
            ops.push(Todo::of(op, dice));
            if !matches!(op, Op::Waiters) {
                if dice.roll(4) == 0 {
                    ops.push(Todo::of(Op::Waiters, dice));
                }
                ops.push(Todo::surely(Op::Unlock, dice));
            }
        }
        ops
    }

    fn is_next(op: &mut Op, hand: &Self::Hand) -> bool {
        !matches!(op, Op::Unlock) || hand.is_some()
    }

    fn call(self: Arc<Self>, op: Op, hand: &Arc<Hand<Self::Hand>>) -> Calling<Answer> {
        let hand = hand.clone();
        let mutex = self.0.clone();
        Box::pin(async move {
            match op {
                Op::Lock => got(mutex.lock_owned().await, &hand),
                Op::TryLock => mutex.try_lock_owned().map_or(Answer::Busy, |guard| got(guard, &hand)),
                Op::Unlock => {
                    let mut guard = hand.lock().unwrap().take().expect("it has it");
                    guard.1 += 1;
                    drop(guard);
                    Answer::Done
                }
                Op::Waiters => Answer::Count(mutex.waiters()),
            }
        })
    }

    fn give_up(_: &Op, let_go: Box<dyn FnOnce() + '_>) -> Answer {
        let_go();
        Answer::Nothing
    }

    fn ending(&self) -> Vec<Op> {
        vec![Op::Waiters, Op::TryLock, Op::Unlock]
    }
}
