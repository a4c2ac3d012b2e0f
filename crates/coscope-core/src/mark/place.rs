//! [`Mark`]: kind and place of a wait in one word, and [`Wait`], what it says.
//!
//! ```text
//!  63       62      56 55                                           3 2        0
//! ┌─────────┬──────────┬─────────────────────────────────────────────┬──────────┐
//! │ foreign │ kind, +1 │ address of a `Location`; of a `Labelled`    │ kind, +1 │   0: no wait of ours
//! │ as well │  from 8  │ where the kind is `Foreign`                 │   to 7   │
//! └─────────┴──────────┴─────────────────────────────────────────────┴──────────┘
//! ```
//!
//! With the kind in the low bits the whole is one constant where the place is one.

use std::panic::Location;
use std::ptr;

use super::kind::WaitKind;
use super::label::Labelled;

/// Where a wait's kind stands in the word. No program's address goes beyond.
const KIND: u32 = 56;

/// Where the first few kinds stand: below the address of what is aligned to 8.
const LOW: u64 = 7;
const _: () =
    assert!(align_of::<Location<'static>>() > LOW as usize && align_of::<Labelled>() > LOW as usize);

/// What is waited for is foreign as well.
const AS_WELL: u64 = 1 << 63;

/// Kind and place of a wait, in one word; or nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mark(u64);

impl Mark {
    /// No wait of ours.
    pub(crate) const NOTHING: Mark = Mark(0);

    /// A wait that began at `site`.
    #[inline]
    pub fn new(kind: WaitKind, site: &'static Location<'static>) -> Mark {
        debug_assert!(kind != WaitKind::Foreign, "one has a label");
        Self::of(kind, ptr::from_ref(site))
    }

    /// A foreign wait that has been given a name.
    pub(crate) fn foreign(labelled: &'static Labelled) -> Mark {
        Self::of(WaitKind::Foreign, ptr::from_ref(labelled))
    }

    #[inline]
    fn of<T>(kind: WaitKind, pointer: *const T) -> Mark {
        let (address, number) = (pointer.expose_provenance() as u64, u64::from(kind.number()));
        debug_assert!(address >> KIND == 0, "an address beyond the 56th bit: {address:x}");
        Mark(address + if number <= LOW { number } else { number << KIND })
    }

    pub(crate) fn from_bits(bits: u64) -> Mark {
        Mark(bits)
    }
    #[inline]
    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }
    /// The same, where one of several that are waited for is foreign.
    pub(crate) fn with_foreign(self) -> Mark {
        Mark(self.0 | AS_WELL)
    }
    /// The same at `site`, if it was left in a file of this crate: a wait without a constructor (the await of a result)
    /// that one of our wrappers polls.
    pub(crate) fn placed(self, site: &'static Location<'static>) -> Mark {
        match self.read() {
            Some(wait) if self.is_of_an_await() && is_in_this_crate(wait.site) => {
                Mark(Mark::of(wait.kind, ptr::from_ref(site)).0 | self.0 & AS_WELL)
            }
            _ => self,
        }
    }
    /// Whether it is of a kind whose place may be the line that polls it.
    #[inline]
    pub(crate) fn is_of_an_await(self) -> bool {
        const { assert!(WaitKind::Yield.number() == 1 && WaitKind::Await.number() == 2) };
        matches!(self.0 & LOW, 1 | 2)
    }
    /// Whether foreign code is being polled in the wait: what that does it does in real time. (Somebody who is to call back is
    /// not: a timeout around that is to come in virtual time.)
    pub(crate) fn is_foreign(self) -> bool {
        self.is_nothing() || self.read().is_some_and(|wait| wait.as_well || wait.kind == WaitKind::Foreign)
    }
    #[inline]
    pub(crate) fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// What it says.
    pub(crate) fn read(self) -> Option<Wait> {
        let as_well = self.0 & AS_WELL != 0;
        let low = self.0 & LOW;
        let kind = WaitKind::of_number(if low != 0 { low } else { (self.0 & !AS_WELL) >> KIND } as u8)?;
        let address = (self.0 & ((1 << KIND) - 1) & !LOW) as usize;
        Some(if kind == WaitKind::Foreign {
            // SAFETY: a word of this kind is made by `foreign` alone, of a reference that lives for ever.
            let labelled = unsafe { &*ptr::with_exposed_provenance::<Labelled>(address) };
            Wait { kind, site: labelled.site, label: Some(labelled.label), as_well }
        } else {
            // SAFETY: a word of any other kind is made by `new` alone, of a reference that lives for ever.
            let site = unsafe { &*ptr::with_exposed_provenance::<Location<'static>>(address) };
            Wait { kind, site, label: None, as_well }
        })
    }
}

/// Whether a place is one in the files of this crate.
pub(crate) fn is_in_this_crate(site: &Location<'_>) -> bool {
    const THIS: &str = file!();
    const SOURCES: &str = THIS.split_at(THIS.len() - "mark/place.rs".len()).0;
    site.file().starts_with(SOURCES)
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
    as_well: bool,
}

impl Wait {
    /// Whether it may be foreign code that ends it: a callback, or a foreign future, also as one branch of a select.
    ///
    /// ```
    /// # use coscope::prelude::*;
    /// # use std::time::Duration;
    /// run_blocking(async |s: Scope| {
    ///     let job = s.start(Start::Undispatched).launch(delay(Duration::from_secs(60)));
    ///     assert!(!job.sight().wait.unwrap().is_foreign());
    ///     job.cancel("seen");
    /// });
    /// ```
    pub fn is_foreign(&self) -> bool {
        self.as_well || matches!(self.kind, WaitKind::Foreign | WaitKind::Callback)
    }
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
        for kind in
            [WaitKind::Yield, WaitKind::Delay, WaitKind::Tick, WaitKind::ChannelRecv, WaitKind::Callback]
        {
            assert_eq!(Mark::new(kind, site).read(), Some(Wait { kind, site, label: None, as_well: false }));
            let many = Mark::new(kind, site).with_foreign().read().unwrap();
            assert_eq!((many.kind, many.site, many.is_foreign()), (kind, site, true));
        }
        let mark = Mark::foreign(Labelled::interned("db pool", site));
        let wait = mark.read().unwrap();
        assert_eq!((wait.kind, wait.site, wait.label), (WaitKind::Foreign, site, Some("db pool")));
        assert_eq!(Mark::NOTHING.read(), None);
    }
}
