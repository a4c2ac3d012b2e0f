//! How much a channel keeps, and what happens when that is full. Imports nothing of this crate.

/// How many messages a channel keeps for receivers that are not there yet.
///
/// A number is a capacity too: `channel(0)` is a rendezvous, `channel(64)` is buffered.
///
/// ```
/// use coscope::channel::{Capacity, channel};
///
/// let (tx, _rx) = channel::<u32>(Capacity::Buffered(8));
/// assert_eq!(tx.capacity(), Some(8));
/// assert_eq!(Capacity::from(0), Capacity::Rendezvous);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capacity {
    /// None: sender and receiver meet.
    Rendezvous,
    /// So many; then it is the [`Overflow`] that decides.
    Buffered(usize),
    /// All. Sending never waits.
    Unlimited,
    /// The latest one: a message that has not been received yet gives way to the next. Sending never waits.
    Conflated,
}

impl From<usize> for Capacity {
    fn from(capacity: usize) -> Self {
        match capacity {
            0 => Capacity::Rendezvous,
            usize::MAX => Capacity::Unlimited,
            _ => Capacity::Buffered(capacity),
        }
    }
}

/// What becomes of a message for which there is no room.
///
/// ```
/// use coscope::channel::{Overflow, channel_with};
///
/// let (tx, rx) = channel_with(1, Overflow::DropLatest);
/// assert!(tx.try_send(1).is_ok() && tx.try_send(2).is_ok());
/// assert_eq!(rx.try_recv(), Ok(1));
/// assert!(rx.try_recv().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// Its sender waits.
    #[default]
    Suspend,
    /// It takes the place of the oldest message, which is dropped.
    DropOldest,
    /// It is dropped; sending it succeeds all the same.
    DropLatest,
}

/// Capacity and overflow together, as the channel needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flavor {
    pub(super) capacity: usize,
    pub(super) overflow: Overflow,
}

/// Rings up to this length are allocated at once.
const READY: usize = 1024;

impl Flavor {
    /// # Panics
    /// If it is conflated with an overflow that keeps the older message, or waits.
    #[track_caller]
    pub(super) fn new(capacity: Capacity, overflow: Option<Overflow>) -> Self {
        let suspends = overflow.is_none_or(|overflow| overflow == Overflow::Suspend);
        match capacity {
            Capacity::Conflated => {
                assert!(
                    overflow.is_none_or(|overflow| overflow == Overflow::DropOldest),
                    "a conflated channel drops the oldest message; for another overflow use a buffered one"
                );
                Flavor { capacity: 1, overflow: Overflow::DropOldest }
            }
            // to drop the oldest there must be one
            Capacity::Rendezvous | Capacity::Buffered(0) => {
                Flavor { capacity: usize::from(!suspends), overflow: overflow.unwrap_or_default() }
            }
            Capacity::Buffered(capacity) => Flavor { capacity, overflow: overflow.unwrap_or_default() },
            Capacity::Unlimited => Flavor { capacity: usize::MAX, overflow: Overflow::Suspend },
        }
    }

    pub(super) fn capacity_or_none(self) -> Option<usize> {
        (self.capacity != usize::MAX).then_some(self.capacity)
    }

    /// For how many messages memory is there from the beginning.
    pub(super) fn kept_ready(self) -> usize {
        if self.capacity <= READY { self.capacity } else { 0 }
    }
}
