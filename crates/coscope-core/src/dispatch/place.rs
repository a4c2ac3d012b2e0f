//! The places that the running step holds in limited views, and whether it may exchange them.
//!
//! A step may go on as a step of another dispatcher without leaving its thread
//! ([`Dispatch::enter_in_place`](super::Dispatch::enter_in_place)): it takes that dispatcher's permit
//! and gives back its own. Its own may be places in views, held by the runner loops below it on the
//! stack, which must learn that theirs is gone:
//!
//! ```text
//!   runner of a view: hold ─▶ run a step ─▶ still held? ──yes──▶ next step, at the end release
//!                                 │            no: the place is given back already, the runner ends
//!                                 ▼
//!              enter_in_place of a view (1) takes a place there
//!                                       (2) asks the dispatcher below, and so on down to the pool, which
//!                                           takes its permit and calls `leave_places`: all go, exchanges += 1
//!                                       (3) adds the place to the list
//!   end of the pool's step: `leave_places` for what the step took in place
//! ```
//!
//! Knows places as something that can be left. Imports `primitive` only.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use crate::primitive::thread_local;

/// A place in a view, to be given back.
pub(super) trait Place: Send + Sync {
    /// Gives the place back.
    fn leave(self: Arc<Self>);
    /// Gives the place back, in a view that lasts.
    fn leave_lasting(&'static self);
}

/// A place that is held: its view is counted, or lasts as long as the process.
pub(super) enum Holding {
    Counted(Arc<dyn Place>),
    Lasting(&'static dyn Place),
}

impl Holding {
    fn leave(self) {
        match self {
            Holding::Counted(place) => place.leave(),
            Holding::Lasting(place) => place.leave_lasting(),
        }
    }
}

struct Held {
    /// The place that was taken last, if it is one in a view that lasts, as IO is: two words, no list.
    last: Cell<Option<&'static dyn Place>>,
    /// All others.
    others: RefCell<Vec<Holding>>,
    exchanges: Cell<u64>,
    frozen: Cell<u32>,
}

impl Held {
    #[inline]
    fn push(&self, place: Holding) {
        match (self.last.get(), place) {
            (None, Holding::Lasting(place)) => self.last.set(Some(place)),
            (_, place) => self.push_other(place),
        }
    }
    #[inline(never)]
    fn push_other(&self, place: Holding) {
        let mut others = self.others.borrow_mut();
        others.extend(self.last.take().map(Holding::Lasting));
        others.push(place);
    }
    #[inline]
    fn pop(&self) -> Option<Holding> {
        match self.last.take() {
            Some(place) => Some(Holding::Lasting(place)),
            None => self.others.borrow_mut().pop(),
        }
    }
}

thread_local! {
    /// Without a destructor: between its steps a thread holds nothing.
    static HELD: ManuallyDrop<Held> = const {
        ManuallyDrop::new(Held {
            last: Cell::new(None),
            others: RefCell::new(Vec::new()),
            exchanges: Cell::new(0),
            frozen: Cell::new(0),
        })
    };
}

/// Adds a place to those that the running step holds; the count of exchanges so far.
#[inline]
pub(super) fn hold(place: Holding) -> u64 {
    HELD.try_with(|held| {
        held.push(place);
        held.exchanges.get()
    })
    .unwrap_or(0)
}

/// How many exchanges there have been on this thread.
#[inline]
pub(crate) fn exchanges() -> u64 {
    HELD.try_with(|held| held.exchanges.get()).unwrap_or(0)
}

/// Whether no exchange has happened since [`hold`].
pub(super) fn still_held(since: u64) -> bool {
    HELD.try_with(|held| held.exchanges.get() == since).unwrap_or(true)
}

/// Takes the last place off the list, for a runner that ends and gives its place back itself.
pub(super) fn release() {
    let _ = HELD.try_with(|held| held.pop());
}

/// Whether the step that runs on this thread may exchange its permit.
///
/// ```
/// use coscope_core::dispatch::{keep_permit, may_exchange};
///
/// assert!(may_exchange());
/// keep_permit(|| assert!(!may_exchange()));
/// ```
#[inline]
pub fn may_exchange() -> bool {
    HELD.try_with(|held| held.frozen.get() == 0).unwrap_or(false)
}

/// Gives back all places that the running step holds. For a pool: when it has exchanged its own
/// permit, and when a step ends in which it had.
///
/// ```
/// use coscope::prelude::*;
/// use coscope_core::dispatch::{Dispatch, Limited, leave_places};
///
/// let one = Limited::new(Dispatchers::default(), 1, None);
/// let view = one.clone();
/// run_blocking(async |s: Scope| {
///     let step = s.on(Dispatchers::default()).launch(async move {
///         assert!(view.enter_in_place()); // this step goes on in the view
///         assert_eq!(view.running(), 1);
///         leave_places();
///     });
///     step.join().await;
/// });
/// assert_eq!(one.running(), 0);
/// ```
#[inline]
pub fn leave_places() {
    let _ = HELD.try_with(|held| {
        held.exchanges.set(held.exchanges.get() + 1);
        while let Some(place) = held.pop() {
            place.leave(); // may dispatch: nothing is borrowed here
        }
    });
}

/// Runs `f`, in which no exchange is possible: for whoever runs a step of something else in the
/// middle of a step (an event loop, the unconfined loop, an undispatched start). What it holds stays as it is.
///
/// ```
/// use coscope_core::dispatch::{Dispatch, Limited, keep_permit};
///
/// let one = Limited::new(coscope::Dispatchers::default(), 1, None);
/// keep_permit(|| assert!(!one.enter_in_place()));
/// ```
pub fn keep_permit<R>(f: impl FnOnce() -> R) -> R {
    struct Thaw(bool);
    impl Drop for Thaw {
        fn drop(&mut self) {
            if self.0 {
                let _ = HELD.try_with(|held| held.frozen.set(held.frozen.get() - 1));
            }
        }
    }
    let _thaw = Thaw(HELD.try_with(|held| held.frozen.set(held.frozen.get() + 1)).is_ok());
    f()
}
