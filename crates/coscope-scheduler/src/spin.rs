//! [`Spin`]: looking again for a while before a thread sleeps, as long as that has been worth it.
//!
//! To wake a thread on another core takes 5 to 30 µs, on a virtual machine above all; who looks for so long finds what
//! comes sooner by itself, and costs its waker no system call. But who looks in vain keeps a core from others, and
//! where threads are more than cores, from the very one that is waited for. So each look in vain, or one that took
//! longer than it should since somebody else had the core meanwhile, is followed by four times as many sleeps without.
//! Imports nothing of this crate.

use std::time::Duration;

use coscope_core::time::Instant;

/// How many times it looks again.
const LOOKS: u32 = 64;
/// How long it waits between two looks, in turns of the processor's pause: some 10 to 20 µs in all.
const PAUSES: u32 = 16;
/// Who took longer has not had its core all the time.
const LONGEST: Duration = Duration::from_micros(100);
/// So many sleeps without a look come between two that are in vain, at most.
const MOST: u32 = 1024;

/// What a thread has learned from its last waits.
#[derive(Debug)]
pub(crate) struct Spin {
    /// So many sleeps come without a look.
    left: u32,
    /// So many came after the last one in vain.
    penalty: u32,
}

impl Spin {
    pub(crate) fn new() -> Self {
        Spin { left: 0, penalty: 1 }
    }

    /// Looks again for a while, if that has paid; whether it has found something.
    pub(crate) fn until(&mut self, now: impl Fn() -> Instant, found: impl Fn() -> bool) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        let began = now();
        let is_there = (0..LOOKS).any(|_| {
            (0..PAUSES).for_each(|_| std::hint::spin_loop());
            found()
        });
        if is_there && now() - began < LONGEST {
            self.penalty = (self.penalty / 2).max(1);
        } else {
            self.left = self.penalty;
            self.penalty = (self.penalty * 4).min(MOST);
        }
        is_there
    }
}

#[cfg(all(test, not(loom)))]
mod test {
    use super::*;
    use std::cell::Cell;

    /// Waits that find nothing: how many of them look.
    fn looks_in_vain(spin: &mut Spin, waits: u32) -> u32 {
        let looks = Cell::new(0);
        for _ in 0..waits {
            assert!(!spin.until(
                || Instant::ZERO,
                || {
                    looks.set(looks.get() + 1);
                    false
                }
            ));
        }
        looks.get() / LOOKS
    }

    #[test]
    fn looks_in_vain_come_less_and_less_often() {
        let mut spin = Spin::new();
        assert_eq!(looks_in_vain(&mut spin, 1), 1);
        assert_eq!(looks_in_vain(&mut spin, 2 + 5), 2, "one sleep without, then four");
        assert_eq!(looks_in_vain(&mut spin, 17 + 65 + 257), 3);
        assert_eq!(looks_in_vain(&mut spin, 10 * (MOST + 1)), 10);
    }

    #[test]
    fn looks_that_find_something_go_on() {
        let mut spin = Spin::new();
        for _ in 0..100 {
            assert!(spin.until(|| Instant::ZERO, || true));
        }
    }

    #[test]
    fn a_look_that_took_too_long_counts_as_one_in_vain() {
        let mut spin = Spin::new();
        let time = Cell::new(Instant::ZERO);
        let late = || {
            time.set(time.get() + LONGEST);
            time.get()
        };
        assert!(spin.until(late, || true), "it has found something all the same");
        assert!(!spin.until(late, || true), "no look");
        assert!(spin.until(late, || true));
        (0..4).for_each(|_| assert!(!spin.until(late, || true), "no look"));
        assert!(spin.until(late, || true));
    }
}
