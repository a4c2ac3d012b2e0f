//! [`Pace`]: after how many steps a worker looks at the time, so that about a millisecond lies between two looks while
//! steps are long, and a look costs next to nothing while they are short.
//!
//! A worker that has just begun looks after its first step, then after two, four and so on, as long as rounds are
//! short. A round that takes longer than it should is followed by one of so many steps as would have fitted in.
//! Pure bookkeeping, told the time. Imports nothing of this crate.

use std::time::Duration;

use coscope_core::time::Instant;

/// A round is to take no longer.
const ROUND: Duration = Duration::from_millis(1);
/// It has so many steps at most.
const MOST: u32 = 256;

/// Counts the steps of one worker.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Steps until the next look.
    left: u32,
    /// Steps of this round.
    round: u32,
    since: Instant,
}

impl Pace {
    /// A worker begins.
    pub(crate) fn new(now: Instant) -> Self {
        Pace { left: 1, round: 1, since: now }
    }

    /// Another step is to begin; whether it is time for a look, [`look`](Self::look), before it.
    #[inline]
    pub(crate) fn step(&mut self) -> bool {
        let looks = self.left == 0;
        self.left = self.left.wrapping_sub(1);
        looks
    }

    /// Ends the round; whether its steps were so long that the next one must be shorter than usual.
    pub(crate) fn look(&mut self, now: Instant) -> bool {
        let taken = (now - self.since).as_nanos().max(1);
        let fitting = ROUND.as_nanos() * u128::from(self.round) / taken;
        self.round = fitting.clamp(1, u128::from(self.round * 2).min(u128::from(MOST))) as u32;
        (self.left, self.since) = (self.round - 1, now);
        fitting < u128::from(MOST)
    }
}

#[cfg(all(test, not(loom)))]
mod test {
    use super::*;

    /// Steps of so many microseconds; after how many of them each look comes.
    fn looks(pace: &mut Pace, now: &mut Instant, micros: u64, count: usize) -> Vec<u32> {
        let one = |now: &mut Instant| {
            let mut steps = 0;
            while !pace.step() {
                *now += Duration::from_micros(micros);
                steps += 1;
            }
            pace.look(*now);
            *now += Duration::from_micros(micros); // the step after the look
            steps
        };
        let mut one = one;
        (0..count).map(|_| one(now)).collect()
    }

    #[test]
    fn short_steps_are_looked_at_less_and_less_often() {
        let mut now = Instant::ZERO;
        let mut pace = Pace::new(now);
        assert_eq!(looks(&mut pace, &mut now, 1, 11), [1, 1, 3, 7, 15, 31, 63, 127, 255, 255, 255]);
    }

    #[test]
    fn long_steps_are_looked_at_one_by_one() {
        let mut now = Instant::ZERO;
        let mut pace = Pace::new(now);
        assert_eq!(looks(&mut pace, &mut now, 2_000, 4), [1, 0, 0, 0]);
    }

    #[test]
    fn a_round_lasts_a_millisecond_at_most_once_its_steps_are_known() {
        let mut now = Instant::ZERO;
        let mut pace = Pace::new(now);
        looks(&mut pace, &mut now, 1, 12);
        assert_eq!(looks(&mut pace, &mut now, 100, 3), [255, 9, 9]);
    }
}
