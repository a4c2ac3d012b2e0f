//! [`ChannelModel`]: what a channel is, one step after the other.

use std::collections::{BTreeMap, VecDeque};

use coscope::channel::Overflow;

use super::channel_call::{Answer, Op};
use super::checker::{Answers, Came, Model};

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
    /// Places that were granted and have not been used.
    reserved: usize,
    /// Those who wait, first come, first served: with a message, or for a place.
    senders: VecDeque<(usize, Option<u32>)>,
    /// Those who wait, and whether for several messages.
    receivers: VecDeque<(usize, bool)>,
    /// Those who receive several, with the first of them: they take the others by themselves.
    halfway: BTreeMap<usize, u32>,
    end: End,
}

impl ChannelModel {
    pub(crate) fn new(capacity: usize, overflow: Overflow) -> Self {
        ChannelModel {
            capacity,
            overflow: overflow as u8,
            ring: VecDeque::new(),
            reserved: 0,
            senders: VecDeque::new(),
            receivers: VecDeque::new(),
            halfway: BTreeMap::new(),
            end: End::Open,
        }
    }

    /// To one who waits.
    fn hand(&mut self, (receiver, many): (usize, bool), message: u32, answers: &mut Answers<Answer>) {
        if many {
            self.halfway.insert(receiver, message);
        } else {
            answers.push((receiver, Answer::Got(message)));
        }
    }

    fn waits(&self) -> bool {
        self.overflow == Overflow::Suspend as u8
    }

    fn has_room(&self) -> bool {
        self.ring.len() < self.capacity.saturating_sub(self.reserved)
    }

    /// `None` if there is no room.
    fn put(&mut self, message: u32, answers: &mut Answers<Answer>) -> Option<Answer> {
        if self.end != End::Open {
            return Some(Answer::Refused);
        }
        if self.ring.is_empty()
            && (self.capacity == 0 || self.has_room())
            && let Some(receiver) = self.receivers.pop_front()
        {
            self.hand(receiver, message, answers);
        } else if self.has_room() {
            self.ring.push_back(message);
        } else if self.waits() {
            return None;
        } else if self.overflow == Overflow::DropOldest as u8 {
            self.ring.pop_front();
            self.ring.push_back(message);
        }
        Some(Answer::Sent)
    }

    /// `None` if nothing is there yet.
    fn take(&mut self, answers: &mut Answers<Answer>) -> Option<Answer> {
        if let Some(message) = self.ring.pop_front() {
            self.refill(answers);
            return Some(Answer::Got(message));
        }
        if self.capacity == 0
            && let Some(at) = self.senders.iter().position(|sender| sender.1.is_some())
            && let Some((sender, Some(message))) = self.senders.remove(at)
        {
            answers.push((sender, Answer::Sent));
            return Some(Answer::Got(message));
        }
        self.is_drained().then_some(Answer::Ended)
    }

    /// The first sender has a place that is free.
    fn refill(&mut self, answers: &mut Answers<Answer>) {
        if self.has_room()
            && let Some((sender, message)) = self.senders.pop_front()
        {
            match message {
                Some(message) => self.ring.push_back(message),
                None => self.reserved += 1,
            }
            answers.push((sender, message.map_or(Answer::Place, |_| Answer::Sent)));
        }
    }

    /// `None` if there is no place.
    fn reserve(&mut self) -> Option<Answer> {
        if self.end != End::Open {
            return Some(Answer::Refused);
        }
        let there_is = match self.capacity {
            _ if !self.waits() => return Some(Answer::Place), // made when the message comes
            0 => self.reserved == 0 && !self.receivers.is_empty(),
            _ => self.has_room(),
        };
        self.reserved += usize::from(there_is);
        there_is.then_some(Answer::Place)
    }

    /// In a rendezvous there is one place, when a receiver waits.
    fn grant(&mut self, answers: &mut Answers<Answer>) {
        if self.capacity == 0
            && self.reserved == 0
            && !self.receivers.is_empty()
            && let Some(at) = self.senders.iter().position(|sender| sender.1.is_none())
            && let Some((sender, _)) = self.senders.remove(at)
        {
            self.reserved += 1;
            answers.push((sender, Answer::Place));
        }
    }

    fn send_reserved(&mut self, message: u32, answers: &mut Answers<Answer>) -> Answer {
        self.reserved -= usize::from(self.waits());
        if self.end == End::Cancelled {
            return Answer::Refused;
        }
        match self.receivers.front() {
            Some(&receiver) if self.ring.is_empty() => {
                self.receivers.pop_front();
                self.hand(receiver, message, answers);
            }
            _ if self.waits() => self.ring.push_back(message),
            _ => {
                let open = std::mem::replace(&mut self.end, End::Open);
                self.put(message, answers);
                self.end = open;
            }
        }
        self.settle(answers);
        Answer::Sent
    }

    /// Brings together what can meet.
    fn settle(&mut self, answers: &mut Answers<Answer>) {
        while self.has_room() && !self.senders.is_empty() {
            self.refill(answers);
        }
        while !self.ring.is_empty()
            && let Some(receiver) = self.receivers.pop_front()
            && let Some(message) = self.ring.pop_front()
        {
            self.hand(receiver, message, answers);
        }
        self.grant(answers);
        self.send_away(answers);
    }

    fn is_drained(&self) -> bool {
        let empty = self.ring.is_empty() && self.senders.is_empty() && self.reserved == 0;
        self.end == End::Cancelled || self.end == End::Closed && empty
    }

    fn end(&mut self, to: End, answers: &mut Answers<Answer>) -> Answer {
        let first = self.end == End::Open;
        self.end = self.end.max(to);
        // those who wait with a message were first; a place nobody gets any more
        let goes = |sender: &(usize, Option<u32>)| to == End::Cancelled || sender.1.is_none();
        answers.extend(
            self.senders.iter().filter(|sender| goes(sender)).map(|sender| (sender.0, Answer::Refused)),
        );
        self.senders.retain(|sender| !goes(sender));
        if self.end == End::Cancelled {
            self.ring.clear();
        }
        self.send_away(answers);
        if first { Answer::Yes } else { Answer::No }
    }

    /// Nobody waits at a channel where nothing will come.
    fn send_away(&mut self, answers: &mut Answers<Answer>) {
        if self.is_drained() {
            answers.extend(self.receivers.drain(..).map(|(receiver, _)| (receiver, Answer::Ended)));
        }
    }
}

impl Model for ChannelModel {
    type Op = Op;
    type Answer = Answer;

    fn begin(&mut self, id: usize, op: &Op, answers: &mut Answers<Answer>) -> bool {
        let answer = match *op {
            Op::Send(message) | Op::SendBlocking(message) => self.put(message, answers),
            Op::TrySend(message) => self.put(message, answers).or(Some(Answer::Full)),
            Op::Recv | Op::RecvBlocking => self.take(answers),
            Op::RecvMany(_) => match self.take(answers) {
                Some(Answer::Got(first)) => {
                    self.halfway.insert(id, first);
                    return true;
                }
                nothing => nothing,
            },
            Op::TryRecv => self.take(answers).or(Some(Answer::Empty)),
            Op::Reserve => self.reserve(),
            Op::TryReserve => self.reserve().or(Some(Answer::Full)),
            Op::SendReserved(message) => Some(self.send_reserved(message, answers)),
            Op::Release => {
                self.reserved -= usize::from(self.waits());
                self.settle(answers);
                Some(Answer::Done)
            }
            Op::Close => Some(self.end(End::Closed, answers)),
            Op::Cancel => Some(self.end(End::Cancelled, answers)),
            Op::Len => Some(Answer::Count(self.ring.len())),
            Op::IsClosed => Some(if self.end == End::Open { Answer::No } else { Answer::Yes }),
        };
        match (answer, op) {
            (Some(answer), _) => answers.push((id, answer)),
            (None, &(Op::Send(message) | Op::SendBlocking(message))) => {
                self.senders.push_back((id, Some(message)))
            }
            (None, Op::Reserve) => self.senders.push_back((id, None)),
            (None, _) => {
                self.receivers.push_back((id, matches!(op, Op::RecvMany(_))));
                self.grant(answers);
            }
        }
        true
    }

    fn go_on(&mut self, id: usize, op: &Op, answers: &mut Answers<Answer>) -> bool {
        let Op::RecvMany(most) = *op else { return false };
        let Some(first) = self.halfway.remove(&id) else { return false };
        let mut all = vec![first];
        while all.len() < most
            && let Some(Answer::Got(message)) = self.take(answers)
        {
            all.push(message);
        }
        answers.push((id, Answer::Many(all)));
        true
    }

    fn leave(&mut self, id: usize, op: &Op, came: Came<Answer>, answers: &mut Answers<Answer>) -> Answer {
        self.senders.retain(|sender| sender.0 != id);
        if self.end != End::Open {
            self.settle(answers);
        }
        match (op, &came) {
            (Op::Send(_), Came::To(Answer::Sent)) => return Answer::Sent,
            (Op::Send(_), _) => return Answer::Unsent,
            (Op::Reserve, Came::To(Answer::Place)) => {
                self.reserved -= usize::from(self.waits());
                self.settle(answers);
            }
            _ => {}
        }
        self.receivers.retain(|receiver| receiver.0 != id);
        let came = self.halfway.remove(&id).map_or(came, |first| Came::To(Answer::Got(first)));
        // what was handed to a receiver that goes is for the next, else at the front again
        if let Came::To(Answer::Got(message)) = came
            && self.end != End::Cancelled
        {
            match self.receivers.pop_front() {
                Some(next) => self.hand(next, message, answers),
                None => self.ring.push_front(message),
            }
        }
        Answer::Nothing
    }
}
