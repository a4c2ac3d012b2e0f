//! The time in milliseconds as it was last told, for one load: whoever reads the machine's clock, and every worker that
//! goes to sleep or wakes does, tells it here. It stands still only while nobody does, as late as that.

use super::TickNote;

static TICK: TickNote = TickNote::new(0);

/// So many milliseconds have passed on the machine's clock.
#[inline]
pub(crate) fn tell(millis: u32) {
    if TICK.get() != millis {
        TICK.set(millis); // not each time: the others' caches keep the line
    }
}

/// The time when it was last told.
#[inline]
pub(crate) fn last_told() -> u32 {
    TICK.get()
}
