//! A semaphore against a plain sequential model of it: random histories, with the same answers at every step.
#![allow(missing_docs)]

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use coscope::sync::{Acquire, Semaphore, SemaphorePermit};

/// What a semaphore is, without any cleverness.
#[derive(Debug, Default)]
struct Model {
    free: usize,
    closed: bool,
    queue: VecDeque<(u32, usize)>,
    /// Handed over, or refused, and not seen yet.
    decided: Vec<(u32, usize, bool)>,
}

impl Model {
    fn serve(&mut self) {
        while let Some(&(who, need)) = self.queue.front()
            && need <= self.free
        {
            self.queue.pop_front();
            self.free -= need;
            self.decided.push((who, need, true));
        }
    }
    /// `Some` if it is decided at once.
    fn ask(&mut self, who: u32, need: usize) -> Option<bool> {
        if self.closed {
            return Some(false);
        }
        if need == 0 || self.queue.is_empty() && need <= self.free {
            self.free -= need;
            return Some(true);
        }
        self.queue.push_back((who, need));
        None
    }
    fn give(&mut self, count: usize) {
        self.free += count;
        self.serve();
    }
    fn see(&mut self, who: u32) -> Option<bool> {
        let at = self.decided.iter().position(|decided| decided.0 == who)?;
        Some(self.decided.swap_remove(at).2)
    }
    fn leave(&mut self, who: u32) {
        if let Some(at) = self.decided.iter().position(|decided| decided.0 == who) {
            let (_, need, granted) = self.decided.swap_remove(at);
            self.give(if granted { need } else { 0 });
        } else {
            self.queue.retain(|waiter| waiter.0 != who);
            self.serve();
        }
    }
    fn close(&mut self) {
        self.closed = true;
        self.decided.extend(self.queue.drain(..).map(|(who, need)| (who, need, false)));
    }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

fn poll<'a>(one: &mut Pin<Box<Acquire<'a>>>) -> Option<Option<SemaphorePermit<'a>>> {
    match one.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer.ok()),
        Poll::Pending => None,
    }
}

fn history(seed: u64) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let start = dice.roll(5);
    let semaphore = Semaphore::new(start);
    let mut model = Model { free: start, ..Model::default() };
    let mut waiting: Vec<(u32, Pin<Box<Acquire<'_>>>)> = Vec::new();
    let mut held: Vec<SemaphorePermit<'_>> = Vec::new();
    for who in 0..60_u32 {
        match dice.roll(12) {
            0..4 => {
                let need = dice.roll(4);
                let mut one = Box::pin(semaphore.acquire_many(need));
                let (got, expected) = (poll(&mut one), model.ask(who, need));
                assert_eq!(got.as_ref().map(Option::is_some), expected, "seed {seed}, step {who}");
                match got {
                    None => waiting.push((who, one)),
                    Some(permit) => held.extend(permit),
                }
            }
            4 => {
                let need = dice.roll(3);
                let got = semaphore.try_acquire_many(need);
                let expected = !model.closed && (need == 0 || model.queue.is_empty() && need <= model.free);
                assert_eq!(got.is_ok(), expected, "seed {seed}, step {who}");
                model.free -= if expected { need } else { 0 };
                held.extend(got);
            }
            5 | 6 if !waiting.is_empty() => {
                let at = dice.roll(waiting.len());
                let got = poll(&mut waiting[at].1);
                assert_eq!(
                    got.as_ref().map(Option::is_some),
                    model.see(waiting[at].0),
                    "seed {seed}, step {who}"
                );
                if let Some(permit) = got {
                    held.extend(permit);
                    drop(waiting.swap_remove(at));
                }
            }
            7 if !waiting.is_empty() => {
                let (gone, one) = waiting.swap_remove(dice.roll(waiting.len()));
                drop(one);
                model.leave(gone);
            }
            8 | 9 if !held.is_empty() => {
                let permit = held.swap_remove(dice.roll(held.len()));
                model.give(permit.count());
                drop(permit);
            }
            10 => {
                let count = dice.roll(3);
                semaphore.add_permits(count);
                model.give(count);
            }
            11 if dice.roll(8) == 0 => {
                assert_eq!(semaphore.close(), !model.closed);
                model.close();
            }
            _ => {
                let count = dice.roll(2);
                let taken = count.min(model.free);
                assert_eq!(semaphore.forget_permits(count), taken);
                model.free -= taken;
            }
        }
        let seen = (semaphore.available_permits(), semaphore.waiters(), semaphore.is_closed());
        assert_eq!(seen, (model.free, model.queue.len(), model.closed), "seed {seed}, step {who}");
    }
}

#[test]
fn random_histories_agree_with_the_model() {
    (1..=5_000).for_each(history);
}
