//! Those who listen, and the way to them: [`install`], [`Guard`], [`tell`]. Imports `interface`.
//!
//! Each thread reads one of a few copies of the list, so that threads that tell at the same time do not count on the
//! same line; it keeps the copy alive by a count while it tells, with no lock held.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::interface::Probe;
use crate::mark::ARE_BLIND;
use crate::primitive::{Counter, Switch};
use crate::unwind;

/// Whether anybody listens: all that is looked at where nobody does.
static LISTENING: Switch = Switch::off();

type List = Arc<[Arc<Member>]>;

/// One who listens.
struct Member {
    number: u64,
    /// It has not panicked.
    hears: Switch,
    probe: Box<dyn Probe>,
}

/// A copy of the list, on a line of its own.
#[repr(align(128))]
struct Shelf(RwLock<Option<List>>);

const COPIES: usize = 16;
static LISTS: [Shelf; COPIES] = [const { Shelf(RwLock::new(None)) }; COPIES];
/// Whoever changes the copies.
static CHANGE: Mutex<()> = Mutex::new(());

std::thread_local! {
    /// This thread is telling something.
    static TELLS: Cell<bool> = const { Cell::new(false) };
    /// The threads that have told something, counted from 1.
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// Whether anybody listens. One relaxed load; nobody in a [blind](crate::mark) build.
#[doc(hidden)]
#[inline(always)]
pub fn is_listening() -> bool {
    !ARE_BLIND && LISTENING.is_on()
}

/// Whether this thread is in the middle of telling a probe something.
pub(crate) fn is_telling() -> bool {
    TELLS.get()
}

/// Tells all who listen, one after the other. What comes of it on this thread is told to nobody.
#[cold]
#[inline(never)]
pub(crate) fn tell(event: &dyn Fn(&dyn Probe)) {
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            TELLS.set(false);
        }
    }
    if TELLS.replace(true) {
        return;
    }
    let _done = Done;
    let list = LISTS[number_of_thread() % COPIES].0.read().clone();
    for member in list.iter().flat_map(|list| list.iter()) {
        if member.hears.is_on()
            && let Err(payload) = unwind::catch(|| event(&*member.probe))
        {
            member.hears.set(false);
            eprintln!(
                "coscope: a probe has panicked, and hears nothing more: {}",
                unwind::message(&*payload)
            );
            unwind::drop_contained(payload);
        }
    }
    unwind::drop_contained(list); // perhaps the last count of one that was taken out meanwhile
}

/// The number of this thread among those that have told something: which copy it reads, and where it counts.
pub(super) fn number_of_thread() -> usize {
    static NEXT: Counter = Counter::new(1);
    if NUMBER.get() == 0 {
        NUMBER.set(NEXT.next() as usize);
    }
    NUMBER.get()
}

/// Changes every copy.
fn change(change: impl FnOnce(&mut Vec<Arc<Member>>)) {
    let changing = CHANGE.lock();
    let mut list = LISTS[0].0.read().as_ref().map_or_else(Vec::new, |list| list.to_vec());
    change(&mut list);
    let mut old = Vec::new();
    for shelf in &LISTS {
        let new = (!list.is_empty()).then(|| List::from(&list[..]));
        old.extend(std::mem::replace(&mut *shelf.0.write(), new));
    }
    LISTENING.set(!list.is_empty());
    drop(changing);
    unwind::drop_contained(old);
}

/// Tells `probe` what happens from now on, on every thread of the process, until the [`Guard`] is dropped. Any
/// number may listen; they are told in the order in which they came. Of a step that is under
/// way just then, perhaps not all is told.
///
/// ```
/// use coscope::prelude::*;
/// use coscope::probe::{self, Probe};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// #[derive(Default)]
/// struct Steps(AtomicUsize);
/// impl Probe for Steps {
///     fn step_started(&self, _coroutine: u64) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let steps = Arc::new(Steps::default());
/// let listening = probe::install(steps.clone());
/// run_blocking(async |s: Scope| {
///     s.launch(async {});
/// });
/// drop(listening);
/// assert!(steps.0.load(Ordering::Relaxed) >= 2); // one of the child, one of what launched it
/// ```
pub fn install(probe: impl Probe) -> Guard {
    static NUMBERS: Counter = Counter::new(1);
    let number = NUMBERS.next();
    change(|list| list.push(Arc::new(Member { number, hears: Switch::on(), probe: Box::new(probe) })));
    Guard { number }
}

/// A probe listens as long as this is there. Dropped, it takes the probe out: nothing that happens after that is
/// told to it. The drop does not wait for other threads: one that is just telling something may still tell it to this
/// probe too, and come to its end later. The probe itself is dropped once the last such thread is done, on that thread,
/// and where there is none, before the drop of the guard is over.
///
/// ```
/// use coscope::probe::{self, Guard, Probe};
/// struct Deaf;
/// impl Probe for Deaf {}
/// let listening: Guard = probe::install(Deaf);
/// drop(listening);
///
/// probe::install(Deaf).forever();
/// ```
#[must_use = "the probe is taken out when this is dropped"]
pub struct Guard {
    number: u64,
}

impl Guard {
    /// The probe listens as long as the process is there.
    ///
    /// ```
    /// use coscope::probe::{self, Probe};
    /// struct Deaf;
    /// impl Probe for Deaf {}
    /// probe::install(Deaf).forever();
    /// ```
    pub fn forever(self) {
        std::mem::forget(self);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        change(|list| list.retain(|member| member.number != self.number));
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard(probe {})", self.number)
    }
}
