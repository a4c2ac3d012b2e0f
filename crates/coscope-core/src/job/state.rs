//! The life-cycle word of a job, and nothing else: its bits, and every transition by name.
//!
//! ```text
//!        list +1, held +1 / −1                  list +1, held +1 / −1
//!              ┌──┐                                    ┌──┐
//!  (1) born ──►│  ▼        (4) release_body            │  ▼      (5) release of the last token
//!   NEW ─(2)─► ACTIVE ───────────────────────────► COMPLETING ───────────────────► COMPLETED
//!    │           │ (3) cancel, fail                    │ (3) cancel     ▲              (sealed:
//!    │           ▼                                     ▼                │         attach is refused,
//!    └─(3)─► CANCELLING ─ (4) release_body ─► COMPLETING, cancelling ───┘       cancel is too late)
//! ```
//!
//! The upper bits count **tokens**: one for the body, one for the list of children, one for each who holds the job
//! open for a moment. A job completes in the very step that takes the count to zero, so that *last child* against
//! *new child* against *cancel* is decided by one compare-and-swap.
//!
//! The list takes its token with the first child (`LISTED`) and keeps it, empty or not, until the body has gone: then
//! the last child gives it back, or the body's end does, if none is there. All that changes `LISTED`, and the look that
//! decides whether the list is empty, are **under the node's lock**, so that children come and go without touching the word.
//!
//! | bit | set by | means | impossible with |
//! |---|---|---|---|
//! | `CANCELLING` | `cancel`, `fail` | the subtree is being cut; children are born cancelled | – |
//! | `FAILED` | `fail` | a failure is kept here; the body of the region is to be dropped | not `CANCELLING` |
//! | `BODY_DONE` | `release_body`, `close`, `end_poll` | the body is gone and its token is given back | – |
//! | `CUT` | `release_body` | the cancel came before the body had ended: there is no result | not `BODY_DONE` |
//! | `COMPLETED` | `release` | sealed | count > 0 |
//! | `STOPPING` | `stop` | asked to come to an end by itself | – |
//! | `SHIELD` | birth | a cancel from above does not come in | – |
//! | `REGION` | birth | a job inside a coroutine | – |
//! | `POLLING` | `begin_poll` | (region) its future is being polled, elsewhere than right inside of its parent | not `REGION` |
//! | `CLOSED` | `close` | (region) its coroutine has ended without it | not `REGION` |
//! | `NEW` | birth | (coroutine) lazy, neither started nor cancelled | `CANCELLING` |
//! | `LINKED` | birth, `set_linked` | stands in its parent's list and holds a token of it | – |
//! | `AWAITED` | `await_end`, under the node's lock | somebody waits for the end: completion looks under the lock | – |
//! | `REGIONS` | `note_region` | a region has hung itself below, or is about to | – |
//! | `HIDDEN` | `hide` | (coroutine) probes do not hear of it | – |
//! | `LISTED` | `attach_list`, under the node's lock | the list of children holds a token; cleared with it | – |
//!
//! **Timeline**, what is still admitted when:
//!
//! | | new child | cancel | failure of a child | listener |
//! |---|---|---|---|---|
//! | new, active | runs | first one wins | taken by a fail-fast scope | queued |
//! | cancelling | born cancelled, waited for | no effect | suppressed | queued |
//! | completing | runs (or born cancelled) | cancels children only | taken, if a scope still waits | queued |
//! | completed | refused | too late | – | called at once |

use std::fmt;

use crate::primitive::{AtomicU64, Ordering};

const CANCELLING: u64 = 1;
const FAILED: u64 = 1 << 1;
const BODY_DONE: u64 = 1 << 2;
const CUT: u64 = 1 << 3;
const COMPLETED: u64 = 1 << 4;
const STOPPING: u64 = 1 << 5;
const SHIELD: u64 = 1 << 6;
const REGION: u64 = 1 << 7;
const POLLING: u64 = 1 << 8;
const CLOSED: u64 = 1 << 9;
const NEW: u64 = 1 << 10;
const LINKED: u64 = 1 << 11;
const AWAITED: u64 = 1 << 12;
const REGIONS: u64 = 1 << 13;
const HIDDEN: u64 = 1 << 14;
const LISTED: u64 = 1 << 15;
/// One token.
const TOKEN: u64 = 1 << 16;

/// What a job is born as.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Birth {
    pub(crate) shield: bool,
    pub(crate) region: bool,
    pub(crate) lazy: bool,
    /// Its parent is asked for after it has completed, or before it is linked.
    pub(crate) holds_parent: bool,
}

/// What became of a new child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Admission {
    /// A token was taken for it.
    Admitted,
    /// The job had completed.
    Refused,
}

/// What a cancel found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Cancel {
    /// It is the first one: the caller walks the subtree.
    First,
    /// Another came before.
    Again,
    /// The job had completed.
    TooLate,
}

/// What the end of a body found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Ended {
    /// With its own result.
    Kept,
    /// A cancel came first.
    Cut,
}

/// What giving a token back came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Release {
    /// Others are out.
    Waiting,
    /// It was the last one: the caller completes the job, of whose end somebody wants to hear, or nobody.
    Completed { awaited: bool },
}

/// What a force-close came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Close {
    /// The body's token is the caller's to give back.
    Closed,
    /// A poll is under way, which will give the token back; or there was nothing to close.
    Left,
}

/// The word.
pub(crate) struct State(AtomicU64);

impl State {
    /// (1) A job with its body's token out.
    #[inline]
    pub(crate) fn new(birth: Birth) -> Self {
        let bit = |set: bool, bit: u64| u64::from(set) * bit;
        let born = bit(birth.shield, SHIELD) | bit(birth.region, REGION) | bit(birth.lazy, NEW);
        // a region links when its first child comes
        State(AtomicU64::new(TOKEN | born | bit(!birth.region, LINKED)))
    }

    #[inline]
    fn load(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// The one compare-and-swap loop. `step` gives the next word, or `Err` to leave it.
    #[inline]
    fn transition<T>(&self, mut step: impl FnMut(u64) -> Result<(u64, T), T>) -> T {
        let mut word = self.load();
        loop {
            let (next, outcome) = match step(word) {
                Ok(change) => change,
                Err(outcome) => return outcome,
            };
            match self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return outcome,
                Err(now) => word = now,
            }
        }
    }

    /// Takes a token, for who holds the job open.
    pub(crate) fn attach(&self) -> Admission {
        self.transition(Self::with_token)
    }

    /// A child comes, under the node's lock: the list has a token from here on.
    #[inline]
    pub(crate) fn attach_list(&self) -> Admission {
        if self.is_listed() {
            Admission::Admitted
        } else {
            self.transition(|word| Self::with_token(word | LISTED))
        }
    }

    #[inline]
    fn with_token(word: u64) -> Result<(u64, Admission), Admission> {
        if word & COMPLETED != 0 { Err(Admission::Refused) } else { Ok((word + TOKEN, Admission::Admitted)) }
    }

    /// A region is about to hang itself below.
    pub(crate) fn note_region(&self) {
        if self.load() & REGIONS == 0 {
            self.0.fetch_or(REGIONS, Ordering::AcqRel);
        }
    }

    /// (5) Gives a token back; the last one completes the job.
    #[inline]
    pub(crate) fn release(&self) -> Release {
        self.transition(|word| Ok(Self::without_token(word)))
    }

    /// (5) The last child has gone, under the node's lock: gives the list's token back, if the body has gone.
    #[inline]
    pub(crate) fn release_list(&self) -> Release {
        self.transition(|word| Ok(Self::without_token(word & !LISTED)))
    }

    /// Whether the list is to give its token back when it is empty.
    #[inline]
    pub(crate) fn list_may_go(&self) -> bool {
        self.load() & (LISTED | BODY_DONE) == LISTED | BODY_DONE
    }

    /// Whether the list has a token.
    #[inline]
    pub(crate) fn is_listed(&self) -> bool {
        self.load() & LISTED != 0
    }

    #[inline]
    fn without_token(word: u64) -> (u64, Release) {
        Self::without_tokens(word, 1)
    }

    #[inline]
    fn without_tokens(word: u64, count: u64) -> (u64, Release) {
        debug_assert!(word >= count * TOKEN && word & COMPLETED == 0, "token given back twice: {word:x}");
        let next = word - count * TOKEN;
        if next < TOKEN {
            (next | COMPLETED, Release::Completed { awaited: word & AWAITED != 0 })
        } else {
            (next, Release::Waiting)
        }
    }

    /// (3) Asks for the subtree to be cut.
    pub(crate) fn cancel(&self) -> Cancel {
        self.transition(|word| {
            if word & COMPLETED != 0 {
                Err(Cancel::TooLate)
            } else if word & CANCELLING != 0 {
                Err(Cancel::Again)
            } else {
                Ok(((word | CANCELLING) & !NEW, Cancel::First))
            }
        })
    }

    /// (3) A failure is kept: cuts the subtree and the region's own body. `First` if the caller's
    /// failure is the one; `Again` if another was first; `TooLate` if the job was being cancelled or
    /// had completed without one.
    pub(crate) fn fail(&self) -> Cancel {
        self.transition(|word| {
            if word & FAILED != 0 {
                Err(Cancel::Again)
            } else if word & (COMPLETED | CANCELLING | CLOSED) != 0 {
                Err(Cancel::TooLate)
            } else {
                Ok((word | FAILED | CANCELLING, Cancel::First))
            }
        })
    }

    /// (4) The body is gone: a look at the word decides between its result and a cancel. What is decided
    /// comes into the word with [`release_body`](Self::release_body); a cancel in between is too late.
    #[inline]
    pub(crate) fn body_ends(&self) -> Ended {
        if self.load() & CANCELLING != 0 { Ended::Cut } else { Ended::Kept }
    }

    /// (4, 5) The body's token is given back, and what was decided. `None` if the list has a token: then
    /// [`release_body_and`](Self::release_body_and) is for the caller, under the node's lock.
    #[inline]
    pub(crate) fn release_body(&self, ended: Ended) -> Option<Release> {
        self.transition(
            |word| if word & LISTED != 0 { Err(None) } else { Ok(Self::without_body(word, ended)) },
        )
    }

    /// (4, 5) As [`release_body`](Self::release_body), under the node's lock, with the list's token if that is empty.
    pub(crate) fn release_body_and(&self, ended: Ended, empty: bool) -> Release {
        self.transition(|word| {
            let word = word | Self::done(ended);
            let both = empty && word & LISTED != 0;
            Ok(if both { Self::without_tokens(word & !LISTED, 2) } else { Self::without_token(word) })
        })
    }

    #[inline]
    fn without_body(word: u64, ended: Ended) -> (u64, Option<Release>) {
        let (next, release) = Self::without_token(word | Self::done(ended));
        (next, Some(release))
    }

    #[inline]
    fn done(ended: Ended) -> u64 {
        BODY_DONE | if ended == Ended::Cut { CUT } else { 0 }
    }

    /// (4) Whether the body of a region, which is gone, has its token still to give back: one that was force-closed
    /// has not.
    pub(crate) fn region_ended(&self) -> bool {
        self.0.fetch_or(BODY_DONE, Ordering::AcqRel) & BODY_DONE == 0
    }

    /// Somebody waits for the end, called under the node's lock. `false` if the job has completed: nobody
    /// will look under the lock any more. One of the two, this or the last `release`, sees the other.
    #[inline]
    pub(crate) fn await_end(&self) -> bool {
        let word = self.load();
        if word & AWAITED != 0 {
            return word & COMPLETED == 0;
        }
        self.0.fetch_or(AWAITED, Ordering::AcqRel) & COMPLETED == 0
    }

    /// Asks the job to come to an end. `true` for the first time.
    pub(crate) fn stop(&self) -> bool {
        self.0.fetch_or(STOPPING, Ordering::AcqRel) & STOPPING == 0
    }

    /// (2) Starts a lazy coroutine. `true` for the one call that did.
    pub(crate) fn start(&self) -> bool {
        self.load() & NEW != 0 && self.0.fetch_and(!NEW, Ordering::AcqRel) & NEW != 0
    }

    /// A region's future is about to be polled elsewhere than right inside of its parent, which may end
    /// meanwhile. `false` if the region has been force-closed.
    #[inline]
    pub(crate) fn begin_poll(&self) -> bool {
        self.0.fetch_or(POLLING, Ordering::AcqRel) & CLOSED == 0
    }

    /// A poll of the region's future has ended. `true` if the region was force-closed meanwhile and
    /// the body's token is the caller's to give back.
    #[inline]
    pub(crate) fn end_poll(&self) -> bool {
        self.transition(|word| {
            let left = word & CLOSED != 0 && word & BODY_DONE == 0;
            let done = if left { BODY_DONE | CUT } else { 0 };
            Ok(((word | done) & !POLLING, left))
        })
    }

    /// Force-closes a region whose coroutine has ended without it.
    pub(crate) fn close(&self) -> Close {
        self.transition(|word| {
            if word & (BODY_DONE | CLOSED) != 0 {
                Err(Close::Left)
            } else if word & POLLING != 0 {
                Ok((word | CLOSED | CANCELLING, Close::Left))
            } else {
                Ok((word | CLOSED | CANCELLING | BODY_DONE | CUT, Close::Closed))
            }
        })
    }

    /// Whether anybody has announced himself with [`await_end`](Self::await_end).
    #[inline]
    pub(crate) fn is_awaited(&self) -> bool {
        self.load() & AWAITED != 0
    }
    #[inline]
    pub(crate) fn is_cancelling(&self) -> bool {
        self.load() & CANCELLING != 0
    }
    /// Cancelled, or asked to stop.
    #[inline]
    pub(crate) fn is_ending(&self) -> bool {
        self.load() & (CANCELLING | STOPPING) != 0
    }
    #[inline]
    pub(crate) fn is_failed(&self) -> bool {
        self.load() & FAILED != 0
    }
    #[inline]
    pub(crate) fn is_completed(&self) -> bool {
        self.load() & COMPLETED != 0
    }
    /// (region) Its coroutine has ended without it.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.load() & CLOSED != 0
    }
    pub(crate) fn is_body_done(&self) -> bool {
        self.load() & BODY_DONE != 0
    }
    /// The body was cut before it had a result.
    pub(crate) fn is_cut(&self) -> bool {
        self.load() & CUT != 0
    }
    pub(crate) fn is_stopping(&self) -> bool {
        self.load() & STOPPING != 0
    }
    #[inline]
    pub(crate) fn is_new(&self) -> bool {
        self.load() & NEW != 0
    }
    #[inline]
    pub(crate) fn is_shield(&self) -> bool {
        self.load() & SHIELD != 0
    }
    #[inline]
    pub(crate) fn is_region(&self) -> bool {
        self.load() & REGION != 0
    }
    /// The node stands in its parent's list from here on (a region: under its own lock).
    pub(super) fn set_linked(&self) {
        self.0.fetch_or(LINKED, Ordering::AcqRel);
    }
    /// The parent has refused the node.
    pub(super) fn clear_linked(&self) {
        self.0.fetch_and(!LINKED, Ordering::AcqRel);
    }
    #[inline]
    pub(crate) fn is_linked(&self) -> bool {
        self.load() & LINKED != 0
    }
    /// Stands in its parent's list from birth to its end: no region.
    #[inline]
    pub(super) fn is_linked_for_life(&self) -> bool {
        self.load() & (LINKED | REGION) == LINKED
    }
    /// Whether tokens other than the body's are out: that of a list, perhaps empty by now, or of one who holds the job open.
    pub(crate) fn has_children(&self) -> bool {
        let word = self.load();
        word / TOKEN > if word & BODY_DONE == 0 { 1 } else { 0 }
    }
    /// Whether tokens are out that are neither the body's nor the list's.
    #[cfg(loom)]
    pub(crate) fn is_held(&self) -> bool {
        let word = self.load();
        let own = u64::from(word & BODY_DONE == 0) + u64::from(word & LISTED != 0);
        word / TOKEN > own
    }
    /// Whether a region has ever hung itself below.
    #[inline]
    pub(crate) fn has_regions(&self) -> bool {
        self.load() & REGIONS != 0
    }
    /// Probes do not hear of the coroutine, which has not been linked yet.
    pub(crate) fn hide(&self) {
        self.0.fetch_or(HIDDEN, Ordering::Relaxed);
    }
    pub(crate) fn is_hidden(&self) -> bool {
        self.load() & HIDDEN != 0
    }
    /// Whether the job neither ends nor is asked to, and has been started.
    pub(crate) fn is_active(&self) -> bool {
        self.load() & (CANCELLING | COMPLETED | NEW) == 0
    }

    /// The state in one word, for people.
    pub(crate) fn label(&self) -> &'static str {
        let word = self.load();
        match () {
            () if word & COMPLETED != 0 && word & CUT != 0 => "Cancelled",
            () if word & COMPLETED != 0 => "Completed",
            () if word & CANCELLING != 0 => "Cancelling",
            () if word & BODY_DONE != 0 => "Completing",
            () if word & NEW != 0 => "New",
            () => "Active",
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 16] = [
            "CANCELLING",
            "FAILED",
            "BODY_DONE",
            "CUT",
            "COMPLETED",
            "STOPPING",
            "SHIELD",
            "REGION",
            "POLLING",
            "CLOSED",
            "NEW",
            "LINKED",
            "AWAITED",
            "REGIONS",
            "HIDDEN",
            "LISTED",
        ];
        let word = self.load();
        write!(f, "{} tokens", word / TOKEN)?;
        for (bit, name) in NAMES.iter().enumerate().filter(|(bit, _)| word & (1 << bit) != 0) {
            let _ = bit;
            write!(f, " | {name}")?;
        }
        Ok(())
    }
}
