//! [`Site`]: where a wait began, kept in its future for its mark.

use std::panic::Location;

/// A place in the program, for those who look; nothing in a [blind](super::notes) build.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Site {
    #[cfg(not(coscope_blind))]
    location: &'static Location<'static>,
}

impl Site {
    /// This one.
    #[inline(always)]
    pub fn of(location: &'static Location<'static>) -> Site {
        #[cfg(coscope_blind)]
        let _ = location;
        Site {
            #[cfg(not(coscope_blind))]
            location,
        }
    }

    /// The place.
    #[inline(always)]
    pub fn get(self) -> &'static Location<'static> {
        #[cfg(not(coscope_blind))]
        return self.location;
        #[cfg(coscope_blind)]
        return Location::caller();
    }
}
