//! [`Mark`]: kind and place of a wait in one word, and [`Wait`], what it says.
//!
//! ```text
//!  63      56 55                                             0
//! ┌──────────┬───────────────────────────────────────────────┐
//! │ kind, +1 │ address of a `Location`; of a `Labelled` where │   0: no wait of ours
//! │          │ the kind is `Foreign`                          │
//! └──────────┴───────────────────────────────────────────────┘
//! ```

use std::panic::Location;
use std::ptr;

use super::kind::WaitKind;
use super::label::Labelled;

/// Where a wait's kind stands in the word. No program's address goes beyond.
const KIND: u32 = 56;

/// Kind and place of a wait, in one word; or nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    /// No wait of ours.
    pub(crate) const NOTHING: Mark = Mark(0);

    /// A wait that began at `site`.
    #[inline]
    pub(crate) fn new(kind: WaitKind, site: &'static Location<'static>) -> Mark {
        debug_assert!(kind != WaitKind::Foreign, "one has a label");
        Self::of(kind, ptr::from_ref(site))
    }

    /// A foreign wait that has been given a name.
    pub(crate) fn foreign(labelled: &'static Labelled) -> Mark {
        Self::of(WaitKind::Foreign, ptr::from_ref(labelled))
    }

    #[inline]
    fn of<T>(kind: WaitKind, pointer: *const T) -> Mark {
        let address = pointer.expose_provenance() as u64;
        debug_assert!(address >> KIND == 0, "an address beyond the 56th bit: {address:x}");
        Mark(address | u64::from(kind.number()) << KIND)
    }

    pub(crate) fn from_bits(bits: u64) -> Mark {
        Mark(bits)
    }
    #[inline]
    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }
    #[inline]
    pub(crate) fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// What it says.
    pub(crate) fn read(self) -> Option<Wait> {
        let kind = WaitKind::of_number((self.0 >> KIND) as u8)?;
        let address = (self.0 & ((1 << KIND) - 1)) as usize;
        Some(if kind == WaitKind::Foreign {
            // SAFETY: a word of this kind is made by `foreign` alone, of a reference that lives for ever.
            let labelled = unsafe { &*ptr::with_exposed_provenance::<Labelled>(address) };
            Wait { kind, site: labelled.site, label: Some(labelled.label) }
        } else {
            // SAFETY: a word of any other kind is made by `new` alone, of a reference that lives for ever.
            let site = unsafe { &*ptr::with_exposed_provenance::<Location<'static>>(address) };
            Wait { kind, site, label: None }
        })
    }
}

impl std::fmt::Debug for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.read().fmt(f)
    }
}

/// Where a coroutine is suspended.
///
/// Displays as `Mutex::lock at src/db.rs:88:14`.
///
/// ```
/// # use coscope::prelude::*;
/// # use std::time::Duration;
/// run_blocking(async |s: Scope| {
///     let job = s.start(Start::Undispatched).launch(delay(Duration::from_secs(60)));
///     assert!(job.sight().wait.unwrap().to_string().starts_with("delay at "));
///     job.cancel("seen");
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// At what.
    pub kind: WaitKind,
    /// Where: the call that the wait began with, or its `.await`.
    pub site: &'static Location<'static>,
    /// What a foreign wait was called.
    pub label: Option<&'static str>,
}

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.label {
            Some(label) => write!(f, "\"{label}\" at {}", self.site),
            None => write!(f, "{} at {}", self.kind, self.site),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_gives_back_what_it_was_made_of() {
        let site = Location::caller();
        for kind in [WaitKind::Delay, WaitKind::Recv, WaitKind::Callback] {
            assert_eq!(Mark::new(kind, site).read(), Some(Wait { kind, site, label: None }));
        }
        let mark = Mark::foreign(Labelled::interned("db pool", site));
        assert_eq!(mark.read(), Some(Wait { kind: WaitKind::Foreign, site, label: Some("db pool") }));
        assert_eq!(Mark::NOTHING.read(), None);
    }
}
