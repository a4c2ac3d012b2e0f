//! [`ChannelModel`]: what a channel is, one step after the other.

use std::collections::VecDeque;

use coscope::channel::Overflow;

use super::checker::{Answers, Came, Model};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Send(u32),
    TrySend(u32),
    Recv,
    TryRecv,
    Close,
    Cancel,
    Len,
    IsClosed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Sent,
    /// The channel has ended, the message came back.
    Refused,
    /// It was given up, and the message was dropped with it.
    Unsent,
    Full,
    Got(u32),
    Empty,
    /// The channel has ended, and nothing is left.
    Ended,
    /// A receive was given up.
    Nothing,
    Yes,
    No,
    Count(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum End {
    Open,
    Closed,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ChannelModel {
    capacity: usize,
    overflow: u8,
    ring: VecDeque<u32>,
    /// Those who wait, first come, first served: a message and whose it is.
    senders: VecDeque<(usize, u32)>,
    receivers: VecDeque<usize>,
    end: End,
}

impl ChannelModel {
    pub(crate) fn new(capacity: usize, overflow: Overflow) -> Self {
        ChannelModel {
            capacity,
            overflow: overflow as u8,
            ring: VecDeque::new(),
            senders: VecDeque::new(),
            receivers: VecDeque::new(),
            end: End::Open,
        }
    }

    /// `None` if there is no room.
    fn put(&mut self, message: u32, answers: &mut Answers<Answer>) -> Option<Answer> {
        if self.end != End::Open {
            return Some(Answer::Refused);
        }
        if self.ring.is_empty()
            && let Some(receiver) = self.receivers.pop_front()
        {
            answers.push((receiver, Answer::Got(message)));
        } else if self.ring.len() < self.capacity {
            self.ring.push_back(message);
        } else if self.overflow == Overflow::DropOldest as u8 {
            self.ring.pop_front();
            self.ring.push_back(message);
        } else if self.overflow == Overflow::Suspend as u8 {
            return None;
        }
        Some(Answer::Sent)
    }

    /// `None` if nothing is there yet.
    fn take(&mut self, answers: &mut Answers<Answer>) -> Option<Answer> {
        if let Some(message) = self.ring.pop_front() {
            if self.ring.len() < self.capacity
                && let Some((sender, next)) = self.senders.pop_front()
            {
                self.ring.push_back(next);
                answers.push((sender, Answer::Sent));
            }
            return Some(Answer::Got(message));
        }
        if self.capacity == 0
            && let Some((sender, message)) = self.senders.pop_front()
        {
            answers.push((sender, Answer::Sent));
            return Some(Answer::Got(message));
        }
        self.is_drained().then_some(Answer::Ended)
    }

    fn is_drained(&self) -> bool {
        self.end != End::Open && self.ring.is_empty() && self.senders.is_empty()
    }

    fn end(&mut self, to: End, answers: &mut Answers<Answer>) -> Answer {
        let first = self.end == End::Open;
        self.end = self.end.max(to);
        if self.end == End::Cancelled {
            self.ring.clear();
            answers.extend(self.senders.drain(..).map(|(sender, _)| (sender, Answer::Refused)));
        }
        self.send_away(answers);
        if first { Answer::Yes } else { Answer::No }
    }

    /// Nobody waits at a channel where nothing will come.
    fn send_away(&mut self, answers: &mut Answers<Answer>) {
        if self.is_drained() {
            answers.extend(self.receivers.drain(..).map(|receiver| (receiver, Answer::Ended)));
        }
    }
}

impl Model for ChannelModel {
    type Op = Op;
    type Answer = Answer;

    fn begin(&mut self, id: usize, op: &Op, answers: &mut Answers<Answer>) -> bool {
        let answer = match *op {
            Op::Send(message) => self.put(message, answers),
            Op::TrySend(message) => self.put(message, answers).or(Some(Answer::Full)),
            Op::Recv => self.take(answers),
            Op::TryRecv => self.take(answers).or(Some(Answer::Empty)),
            Op::Close => Some(self.end(End::Closed, answers)),
            Op::Cancel => Some(self.end(End::Cancelled, answers)),
            Op::Len => Some(Answer::Count(self.ring.len())),
            Op::IsClosed => Some(if self.end == End::Open { Answer::No } else { Answer::Yes }),
        };
        match (answer, op) {
            (Some(answer), _) => answers.push((id, answer)),
            (None, &Op::Send(message)) => self.senders.push_back((id, message)),
            (None, _) => self.receivers.push_back(id),
        }
        true
    }

    fn leave(&mut self, id: usize, op: &Op, came: Came<Answer>, answers: &mut Answers<Answer>) -> Answer {
        if let Op::Send(_) = op {
            if came == Came::To(Answer::Sent) {
                return Answer::Sent;
            }
            self.senders.retain(|sender| sender.0 != id);
            self.send_away(answers);
            return Answer::Unsent;
        }
        self.receivers.retain(|receiver| *receiver != id);
        // what was handed to a receiver that goes is for the next, else at the front again
        if let Came::To(Answer::Got(message)) = came
            && self.end != End::Cancelled
        {
            match self.receivers.pop_front() {
                Some(next) => answers.push((next, Answer::Got(message))),
                None => self.ring.push_front(message),
            }
        }
        Answer::Nothing
    }
}
