//! The watchman: the thread `coscope-timer`, for when all others are busy. It runs no step.
//!
//! * It fires timers that are overdue by a millisecond: workers and parked threads have been too busy.
//! * It has workers look at the timers before each step, if their steps take so long that they would be late otherwise.
//! * It moves a lane's newest step to the global queue once it is stale, and its oldest ones if nobody has
//!   come for them from one look to the next, 10 ms later; and has a thread woken
//!   for steps that wait beside free permits.
//! * It tries again to start threads that could not be started.
//!
//! It looks every 100 µs while something is suspicious, and less and less often up to every 10 ms
//! while all goes well; it stops once all permits are free, and sleeps without end if there is no
//! timer. Imports `lane`, `park`, `watch`, `pool`.

use std::sync::Arc;
use std::time::Duration;

use coscope_core::primitive::Ordering::{Relaxed, SeqCst};
use coscope_core::time::Instant;

use crate::lane::{GLOBAL_FIRST, Seen, SeenWaiting};
use crate::park::park;
use crate::pool::Pool;
use crate::watch::GRACE;

const FIRST: Duration = Duration::from_millis(1);
const SHORTEST: Duration = Duration::from_micros(100);
const LONGEST: Duration = Duration::from_millis(10);
/// So many timers are fired at a look.
const FIRED: usize = 1024;

/// The watch's own side.
struct Looking<'a> {
    pool: &'a Arc<Pool>,
    seen: Vec<Seen>,
    seen_waiting: Vec<SeenWaiting>,
    /// When it looks next at the far ends.
    waiting_look: Instant,
    /// How often workers had fired timers at the last look.
    firings: u64,
    /// How many steps there had been when the pace was last taken, and when that was.
    pace: (u32, Instant),
    interval: Duration,
}

/// The body of the watch's thread.
pub(crate) fn run(pool: &Arc<Pool>) {
    Looking::new(pool).run();
}

impl<'a> Looking<'a> {
    fn new(pool: &'a Arc<Pool>) -> Self {
        let lanes = pool.lanes.len();
        let (seen, seen_waiting) = (vec![Seen::default(); lanes], vec![SeenWaiting::default(); lanes]);
        let now = Instant::system_now();
        let (waiting_look, pace) = (now, (pool.lanes.steps(), now));
        Looking { pool, seen, seen_waiting, waiting_look, firings: 0, pace, interval: FIRST }
    }

    fn run(mut self) {
        let watch = &self.pool.watch;
        loop {
            // from here on an earlier timer unparks this thread, whatever it finds
            watch.looks_next(Instant::FAR_FUTURE);
            let now = Instant::system_now();
            self.take_pace(now);
            let look = self.look_at_lanes(now).map(|interval| now + interval);
            let timers = self.fire_overdue(now).map(|deadline| deadline + GRACE);
            let until = match (look, timers) {
                (Some(look), Some(timers)) => Some(look.min(timers)),
                (look, timers) => look.or(timers),
            };
            if let Some(until) = until {
                watch.looks_next(until);
            }
            park(until.map(|until| until - Instant::system_now()));
        }
    }

    /// Fires what is overdue, unless workers are at it; the next deadline, a while from now if there is more.
    fn fire_overdue(&mut self, now: Instant) -> Option<Instant> {
        let timers = &self.pool.timers;
        let firings = self.pool.firings.load(Relaxed);
        let at_it = std::mem::replace(&mut self.firings, firings) != firings;
        let next = match timers.next_look() {
            Some(earliest) if earliest + GRACE <= now && !at_it => timers.fire_for_others(now, FIRED),
            earliest => earliest,
        };
        next.map(|deadline| deadline.max(now))
    }

    /// Workers look at the timers every so many steps: if they take longer than the grace to get there, they are to look
    /// before each.
    fn take_pace(&mut self, now: Instant) {
        let (steps, since) = self.pace;
        if now < since + GRACE {
            return;
        }
        let pool = self.pool;
        let begun = pool.lanes.steps();
        let rounds = f64::from(begun.wrapping_sub(steps)) / f64::from(GLOBAL_FIRST * pool.lanes.len() as u32);
        let lasting = rounds < (now - since).as_secs_f64() / GRACE.as_secs_f64();
        let busy = pool.idle.state.load().free() == 0;
        pool.steps_last.store(busy && lasting, Relaxed);
        self.pace = (begun, now);
    }

    /// When to look again, if the lanes need it.
    fn look_at_lanes(&mut self, now: Instant) -> Option<Duration> {
        let (pool, watch) = (self.pool, &self.pool.watch);
        if !watch.is_on() {
            return None;
        }
        let short = pool.short_of_threads.load(SeqCst);
        let nobody_works = || {
            pool.idle.state.load().free() == pool.idle.permits()
                && !pool.lanes.has_work()
                && !pool.short_of_threads.load(SeqCst) // asked again when the watch is off
        };
        if nobody_works() {
            let off = watch.turn_off_unless(|| !nobody_works());
            if off {
                self.interval = FIRST;
                self.pool.steps_last.store(false, Relaxed);
                self.seen.fill(Seen::default());
                return None;
            }
        }
        let suspicious = pool.lanes.rescue_stale(&mut self.seen);
        if self.waiting_look <= now {
            pool.lanes.rescue_waiting(&mut self.seen_waiting);
            self.waiting_look = now + LONGEST;
        }
        if pool.lanes.has_work() {
            pool.notify_cpu();
        }
        if short {
            pool.try_again();
        }
        self.interval = if suspicious { SHORTEST } else { (self.interval * 2).min(LONGEST) };
        Some(self.interval)
    }
}
