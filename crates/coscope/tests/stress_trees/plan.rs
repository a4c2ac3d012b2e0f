//! What a tree is to do: drawn from dice, and the sequential model of what it then does undisturbed.

use coscope::prelude::*;

pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Inherited,
    Default,
    Io,
    One,
    Three,
    Single,
    Unconfined,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Infallible,
    Fallible,
    Supervised,
    Gathered,
    Framed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Launched,
    Awaited,
    Outcome,
    Dropped,
    Joined,
}

#[derive(Debug, Clone)]
pub(crate) struct Child {
    pub(crate) place: Place,
    pub(crate) start: Start,
    pub(crate) taken: Taken,
    pub(crate) ops: Vec<Op>,
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Leaf,
    Yield(u64),
    Delay(u64),
    Scope { kind: Kind, children: Vec<Child>, body: Vec<Op> },
    Shield(Vec<Op>),
    Finally { body: Vec<Op>, cleanup: Vec<Op> },
    Defer { run: bool, body: Vec<Op>, cleanup: Vec<Op> },
    Bracket { body: Vec<Op>, cleanup: Vec<Op> },
    Timeout(u64, Vec<Op>),
    Move(Place, Vec<Op>),
    RunOn(Place, Vec<Op>),
    Blocking(Vec<Op>),
    Completion(Vec<Op>),
    PollAndDrop(u64, Vec<Op>),
    Unordered { drop_early: bool, branches: Vec<Vec<Op>> },
    Select(Vec<Op>, Vec<Op>),
    Race(Vec<Vec<Op>>),
    Catch(Vec<Op>),
    CancelOne(u64),
    CancelSelf,
    Fail,
    Panic,
}

pub(crate) struct Drawing<'a> {
    pub(crate) dice: &'a mut Dice,
    /// Nothing that disturbs.
    pub(crate) calm: bool,
    pub(crate) left: usize,
}

impl Drawing<'_> {
    pub(crate) fn place(&mut self) -> Place {
        use Place::*;
        [Inherited, Inherited, Default, Default, Io, One, Three, Single, Unconfined]
            [self.dice.below(9) as usize]
    }

    pub(crate) fn ops(&mut self, depth: u32) -> Vec<Op> {
        let n = 1 + self.dice.below(3);
        (0..n).map(|_| self.op(depth)).collect()
    }

    /// What runs in shields and clean-ups: it waits and has children, but fails nothing.
    pub(crate) fn calm_ops(&mut self, depth: u32) -> Vec<Op> {
        let calm = std::mem::replace(&mut self.calm, true);
        let ops = self.ops(depth.min(1));
        self.calm = calm;
        ops
    }

    pub(crate) fn op(&mut self, depth: u32) -> Op {
        if depth == 0 || self.left == 0 {
            return match self.dice.below(if self.calm { 6 } else { 9 }) {
                0 | 1 => Op::Yield(1 + self.dice.below(3)),
                2 => Op::Delay(self.dice.below(300)),
                3..=5 => Op::Leaf,
                6 => Op::CancelOne(self.dice.next()),
                7 => match self.dice.below(3) {
                    0 => Op::Fail,
                    1 => Op::Panic,
                    _ => Op::CancelSelf,
                },
                _ => Op::Yield(2),
            };
        }
        self.left -= 1;
        let deeper = depth - 1;
        match self.dice.below(if self.calm { 15 } else { 20 }) {
            0..=4 => {
                use Kind::*;
                let kind = [Infallible, Fallible, Fallible, Supervised, Gathered, Framed]
                    [self.dice.below(6) as usize];
                let n = self.dice.below(4);
                let children = (0..n).map(|_| self.child(deeper)).collect();
                Op::Scope { kind, children, body: self.ops(deeper) }
            }
            5 => Op::Shield(self.calm_ops(deeper)),
            6 => Op::Finally { body: self.ops(deeper), cleanup: self.calm_ops(1) },
            7 => Op::Defer { run: self.dice.one_in(2), body: self.ops(deeper), cleanup: self.calm_ops(1) },
            8 => Op::Bracket { body: self.ops(deeper), cleanup: self.calm_ops(1) },
            9 | 10 => Op::Move(self.place(), self.ops(deeper)),
            11 => Op::RunOn(self.place(), self.ops(deeper)),
            12 => Op::Blocking(self.ops(deeper)),
            13 => Op::Completion(self.calm_ops(deeper)),
            14 => Op::Unordered {
                drop_early: !self.calm && self.dice.one_in(2),
                branches: (0..2 + self.dice.below(3)).map(|_| self.ops(deeper)).collect(),
            },
            15 => Op::Timeout(self.dice.below(400), self.ops(deeper)),
            16 => Op::PollAndDrop(1 + self.dice.below(3), self.ops(deeper)),
            17 => Op::Select(self.ops(deeper), self.ops(deeper)),
            18 => Op::Race((0..2 + self.dice.below(2)).map(|_| self.ops(deeper)).collect()),
            _ => Op::Catch(self.ops(deeper)),
        }
    }

    pub(crate) fn child(&mut self, depth: u32) -> Child {
        use Taken::*;
        let start = match self.dice.below(8) {
            0 => Start::Lazy,
            1 => Start::Undispatched,
            2 => Start::Atomic,
            _ => Start::Default,
        };
        let taken = [Launched, Awaited, Awaited, Outcome, Dropped, Joined][self.dice.below(6) as usize];
        Child { place: self.place(), start, taken, ops: self.ops(depth) }
    }
}

/// The sequential model: how many leaves an undisturbed plan runs.
pub(crate) fn leaves(ops: &[Op]) -> usize {
    ops.iter()
        .map(|op| match op {
            Op::Leaf => 1,
            Op::Scope { kind, children, body } => {
                let runs = |child: &&Child| {
                    // a lazy child that nobody starts never runs; frames have no lazy children
                    *kind == Kind::Framed
                        || child.start != Start::Lazy
                        || matches!(child.taken, Taken::Awaited | Taken::Outcome | Taken::Joined)
                };
                leaves(body) + children.iter().filter(runs).map(|child| leaves(&child.ops)).sum::<usize>()
            }
            Op::Shield(ops)
            | Op::Move(_, ops)
            | Op::RunOn(_, ops)
            | Op::Blocking(ops)
            | Op::Completion(ops) => leaves(ops),
            Op::Finally { body, cleanup }
            | Op::Defer { body, cleanup, .. }
            | Op::Bracket { body, cleanup } => leaves(body) + leaves(cleanup),
            Op::Unordered { branches, .. } => branches.iter().map(|ops| leaves(ops)).sum(),
            _ => 0,
        })
        .sum()
}
