//! The wheel against a model: an ordered map of (deadline, sequence).

use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::task::Waker;

use super::{Entry, Wheel};

struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

fn entry() -> NonNull<Entry> {
    NonNull::from(Box::leak(Box::new(Entry::new(0))))
}

fn free(entry: NonNull<Entry>) {
    // SAFETY: made by `entry`, and unlinked.
    drop(unsafe { Box::from_raw(entry.as_ptr()) });
}

fn model(seed: u64, rounds: usize) {
    let mut random = Xorshift(seed | 1);
    let mut wheel = Wheel::new();
    let mut model: BTreeMap<(u64, u64), NonNull<Entry>> = BTreeMap::new();
    let (mut now, mut sequence) = (random.below(1 << 40), 0);
    for _ in 0..rounds {
        match random.below(11) {
            0..=4 => {
                // near and far, equal and past deadlines
                let width = random.below(63);
                let ahead = random.next() >> (63 - width);
                let deadline = if random.below(8) == 0 { now } else { now.saturating_add(ahead) };
                let deadline = if random.below(16) == 0 { now / 2 } else { deadline };
                // where what is far comes near, in the same tick as what is near already
                let at_the_border = deadline >> 30 << 30 | random.below(1 << 20);
                let deadline = if random.below(4) == 0 { at_the_border } else { deadline };
                let entry = entry();
                // SAFETY: the entry lives until it is popped or removed below.
                unsafe { wheel.insert(entry, deadline, Waker::noop().clone()) };
                sequence += 1;
                model.insert((deadline, sequence), entry);
            }
            5..=6 => {
                let from = (now.saturating_add(random.next() >> random.below(60)), 0);
                let Some((&key, &entry)) = model.range(from..).next() else { continue };
                model.remove(&key);
                // SAFETY: it is in the model, so it is linked.
                unsafe { wheel.remove(entry) };
                free(entry);
            }
            7 => assert_eq!(wheel.next_deadline(), model.keys().next().map(|key| key.0)),
            8 => {
                now = now.max((now >> 30).saturating_add(random.below(2)) << 30 | random.below(1 << 20));
                expire(&mut wheel, &mut model, now, usize::MAX);
            }
            9 => {
                now = now.saturating_add(random.next() >> (20 + random.below(43)));
                expire(&mut wheel, &mut model, now, usize::MAX);
            }
            _ => {
                // as a virtual clock does: straight to the next deadline, a few at a time
                if let Some(next) = wheel.next_deadline() {
                    now = now.max(next);
                    expire(&mut wheel, &mut model, now, 1 + random.below(3) as usize);
                }
            }
        }
        assert_eq!(wheel.len(), model.len());
    }
    expire(&mut wheel, &mut model, u64::MAX, usize::MAX);
    assert!(model.is_empty());
    assert_eq!(wheel.next_deadline(), None);
}

fn expire(wheel: &mut Wheel, model: &mut BTreeMap<(u64, u64), NonNull<Entry>>, now: u64, most: usize) {
    for _ in 0..most {
        let expected =
            model.first_key_value().filter(|(key, _)| key.0 <= now).map(|(&key, &entry)| (key, entry));
        let popped = wheel.pop_due(now);
        assert_eq!(popped, expected.map(|(_, entry)| entry));
        let Some((key, entry)) = expected else { return };
        model.remove(&key);
        free(entry);
    }
}

#[test]
fn agrees_with_an_ordered_map() {
    let (seeds, rounds) = if cfg!(miri) { (2, 300) } else { (200, 2_000) };
    for seed in 1..=seeds {
        model(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed), rounds);
    }
}

#[test]
fn one_tick_holds_many_deadlines_in_order() {
    let mut wheel = Wheel::new();
    let mut random = Xorshift(7);
    let mut deadlines: Vec<u64> = (0..500).map(|_| 5_000_000 + random.below(1000)).collect();
    for &deadline in &deadlines {
        // SAFETY: leaked until it is popped.
        unsafe { wheel.insert(entry(), deadline, Waker::noop().clone()) };
    }
    deadlines.sort();
    let mut popped = Vec::new();
    while let Some(entry) = wheel.pop_due(u64::MAX) {
        // SAFETY: popped, so it is ours again.
        popped.push(unsafe { entry.as_ref() }.deadline());
        free(entry);
    }
    assert_eq!(popped, deadlines);
}

#[test]
fn the_end_of_time_has_a_slot() {
    let mut wheel = Wheel::new();
    let last = entry();
    // SAFETY: freed after it is popped.
    unsafe { wheel.insert(last, u64::MAX - 1, Waker::noop().clone()) };
    assert_eq!(wheel.next_deadline(), Some(u64::MAX - 1));
    assert_eq!(wheel.pop_due(u64::MAX - 2), None);
    assert_eq!(wheel.pop_due(u64::MAX - 1), Some(last));
    free(last);
}
