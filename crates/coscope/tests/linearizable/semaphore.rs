//! [`SemaphoreModel`] and [`SemaphoreSubject`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use coscope::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::checker::{Answers, Came, Model};
use super::dice::Dice;
use super::subject::{Calling, Subject, Todo};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    Acquire(usize),
    TryAcquire(usize),
    /// Gives back the permits that one has had longest; it says how many those are.
    Release(usize),
    Add(usize),
    Forget(usize),
    Close,
    Available,
    Waiters,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Acquired,
    Busy,
    Refused,
    Done,
    /// One that waited was given up.
    Nothing,
    First(bool),
    Count(usize),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SemaphoreModel {
    free: usize,
    closed: bool,
    waiters: VecDeque<(usize, usize)>,
}

impl SemaphoreModel {
    pub(crate) fn new(free: usize) -> Self {
        SemaphoreModel { free, closed: false, waiters: VecDeque::new() }
    }

    fn give(&mut self, count: usize, answers: &mut Answers<Answer>) {
        self.free += count;
        while let Some(&(waiter, need)) = self.waiters.front()
            && need <= self.free
        {
            self.waiters.pop_front();
            self.free -= need;
            answers.push((waiter, Answer::Acquired));
        }
    }

    fn take(&mut self, need: usize) -> Option<Answer> {
        if self.closed {
            return Some(Answer::Refused);
        }
        let taken = need == 0 || self.waiters.is_empty() && need <= self.free;
        taken.then(|| {
            self.free -= need;
            Answer::Acquired
        })
    }
}

impl Model for SemaphoreModel {
    type Op = Op;
    type Answer = Answer;

    fn begin(&mut self, id: usize, op: &Op, answers: &mut Answers<Answer>) -> bool {
        let answer = match *op {
            Op::Acquire(need) => match self.take(need) {
                Some(answer) => answer,
                None => {
                    self.waiters.push_back((id, need));
                    return true;
                }
            },
            Op::TryAcquire(need) => self.take(need).unwrap_or(Answer::Busy),
            Op::Release(count) | Op::Add(count) => {
                self.give(count, answers);
                Answer::Done
            }
            Op::Forget(count) => {
                let count = count.min(self.free);
                self.free -= count;
                Answer::Count(count)
            }
            Op::Close => {
                answers.extend(self.waiters.drain(..).map(|(waiter, _)| (waiter, Answer::Refused)));
                Answer::First(!std::mem::replace(&mut self.closed, true))
            }
            Op::Available => Answer::Count(self.free),
            Op::Waiters => Answer::Count(self.waiters.len()),
        };
        answers.push((id, answer));
        true
    }

    fn leave(&mut self, id: usize, op: &Op, came: Came<Answer>, answers: &mut Answers<Answer>) -> Answer {
        self.waiters.retain(|waiter| waiter.0 != id);
        let back = match (came, op) {
            (Came::To(Answer::Acquired), &Op::Acquire(count)) => count,
            _ => 0, // others may be first now
        };
        self.give(back, answers);
        Answer::Nothing
    }
}

pub(crate) struct SemaphoreSubject {
    permits: usize,
    semaphore: Arc<Semaphore>,
}

impl SemaphoreSubject {
    pub(crate) fn new(permits: usize) -> Self {
        SemaphoreSubject { permits, semaphore: Arc::new(Semaphore::new(permits)) }
    }
}

type Permits = VecDeque<OwnedSemaphorePermit>;

fn got(permit: OwnedSemaphorePermit, hand: &Mutex<Permits>) -> Answer {
    hand.lock().unwrap().push_back(permit);
    Answer::Acquired
}

impl Subject for SemaphoreSubject {
    type Model = SemaphoreModel;
    type Hand = Permits;

    fn model(&self) -> SemaphoreModel {
        SemaphoreModel::new(self.permits)
    }

    fn program(&self, dice: &mut Dice, _: usize, length: usize) -> Vec<Todo<Op>> {
        let mut ops = vec![];
        for _ in 0..length {
            let count = dice.roll(3) as usize;
            let op = match dice.roll(20) {
                0..8 => Op::Acquire(1 + count),
                8..10 => Op::TryAcquire(count),
                10..15 => Op::Release(0),
                15 => Op::Add(count),
                16 => Op::Forget(count),
                17 => Op::Available,
                18 => Op::Waiters,
                _ if dice.roll(3) == 0 => Op::Close,
                _ => Op::Acquire(0),
            };
            ops.push(Todo::of(op, dice));
        }
        ops
    }

    fn is_next(op: &mut Op, hand: &Permits) -> bool {
        if let Op::Release(count) = op {
            let Some(permit) = hand.front() else { return false };
            *count = permit.count();
        }
        true
    }

    fn call(self: Arc<Self>, op: Op, hand: &Arc<Mutex<Permits>>) -> Calling<Answer> {
        let (hand, semaphore) = (hand.clone(), self.semaphore.clone());
        Box::pin(async move {
            match op {
                Op::Acquire(need) => match semaphore.acquire_many_owned(need).await {
                    Ok(permit) => got(permit, &hand),
                    Err(_) => Answer::Refused,
                },
                Op::TryAcquire(need) => match semaphore.try_acquire_many_owned(need) {
                    Ok(permit) => got(permit, &hand),
                    Err(TryAcquireError::Closed) => Answer::Refused,
                    Err(TryAcquireError::NoPermits) => Answer::Busy,
                },
                Op::Release(_) => {
                    let permit = hand.lock().unwrap().pop_front();
                    drop(permit);
                    Answer::Done
                }
                Op::Add(count) => {
                    semaphore.add_permits(count);
                    Answer::Done
                }
                Op::Forget(count) => Answer::Count(semaphore.forget_permits(count)),
                Op::Close => Answer::First(semaphore.close()),
                Op::Available => Answer::Count(semaphore.available_permits()),
                Op::Waiters => Answer::Count(semaphore.waiters()),
            }
        })
    }

    fn give_up(_: &Op, let_go: Box<dyn FnOnce() + '_>) -> Answer {
        let_go();
        Answer::Nothing
    }

    fn ending(&self) -> Vec<Op> {
        vec![Op::Add(1), Op::Available, Op::Close, Op::Waiters, Op::Available]
    }
}
