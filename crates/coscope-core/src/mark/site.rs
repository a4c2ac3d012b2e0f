//! [`Site`]: the mark of a wait that has not begun, kept in its future.

use std::panic::Location;

use super::kind::WaitKind;
use super::place::Mark;

/// Where a wait was made, and of which kind it is, for those who look; nothing in a [blind](super::notes) build.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Site {
    #[cfg(not(coscope_blind))]
    mark: Mark,
}

impl Site {
    /// This one.
    #[inline(always)]
    pub fn new(kind: WaitKind, location: &'static Location<'static>) -> Site {
        #[cfg(coscope_blind)]
        let _ = (kind, location);
        Site {
            #[cfg(not(coscope_blind))]
            mark: Mark::new(kind, location),
        }
    }

    /// What is left where it is pending.
    #[inline(always)]
    pub fn mark(self) -> Mark {
        #[cfg(not(coscope_blind))]
        return self.mark;
        #[cfg(coscope_blind)]
        return Mark::NOTHING;
    }

    /// The place.
    pub fn get(self) -> &'static Location<'static> {
        self.mark().read().map_or(Location::caller(), |wait| wait.site)
    }
}
