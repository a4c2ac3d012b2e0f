//! [`MarkNote`], [`TickNote`]: where marks and times are noted down.
//!
//! In a *blind* build (`--cfg coscope_blind`, see `cargo xtask callgrind`) they take nothing and say 0, so that what
//! it costs to leave them can be counted. No program is to be built so.

#[cfg(not(coscope_blind))]
pub(crate) use crate::primitive::{Note as MarkNote, ShortNote as TickNote};
#[cfg(coscope_blind)]
pub(crate) use blind::{MarkNote, TickNote};

/// Whether nothing is left behind.
pub(crate) const ARE_BLIND: bool = cfg!(coscope_blind);

#[cfg(coscope_blind)]
mod blind {
    macro_rules! notes {
        ($($name:ident, $int:ident;)*) => {$(
            #[derive(Debug)]
            pub(crate) struct $name;

            impl $name {
                #[inline(always)]
                pub(crate) const fn new(_: $int) -> Self {
                    $name
                }
                #[inline(always)]
                pub(crate) fn get(&self) -> $int {
                    0
                }
                #[inline(always)]
                pub(crate) fn set(&self, _: $int) {}
            }
        )*};
    }

    notes! {
        MarkNote, u64;
        TickNote, u32;
    }
}
