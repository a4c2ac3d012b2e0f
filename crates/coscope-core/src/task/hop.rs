//! The slots of a coroutine: where its open `with_context`s run.
//!
//! Slot 0 is home. Each dispatcher that a `with_context` has moved the coroutine to has another,
//! shared by all that go to the same one. The table is made when the first one is needed.
//!
//! A branch that sits behind a foreign waker (`FuturesUnordered`) is polled only when that waker is
//! woken. So it leaves that waker here, to be woken when the coroutine **arrives** in the slot that
//! the branch waits for; waking it at once would only have it polled again where it cannot run.

use std::ptr;
use std::task::Waker;

use crate::dispatch::Dispatcher;
use crate::job::waker::SLOTS;
use crate::primitive::{AtomicPtr, Counter, Mutex, Ordering};
use crate::unwind;

#[derive(Default)]
struct Slot {
    dispatcher: Option<Dispatcher>,
    users: usize,
    /// In which slot the `with_context`s were opened that share this one.
    origin: usize,
}

/// Where a coroutine may go, in one word: null as long as it is at home; the table of slots, made when the first
/// `with_context` opens one; or, for one that is bound to a thread and so never leaves home, the thread's number above
/// the lowest bit, which is set.
pub(crate) struct Hops(AtomicPtr<Mutex<Table>>);

/// In the word of one that is bound to a thread. A table is aligned to more than that.
const BOUND: usize = 1;

/// The number of this thread, which no other has had or will have, as the word of one that is bound to it. Never null.
fn bound_to_this_thread() -> *mut Mutex<Table> {
    static NEXT: Counter = Counter::new(1);
    std::thread_local!(static NUMBER: usize = usize::try_from(NEXT.next() << 1).expect("few threads") | BOUND);
    ptr::without_provenance_mut(NUMBER.with(|number| *number))
}

#[derive(Default)]
struct Table {
    /// All but home.
    slots: [Slot; SLOTS - 1],
    arrivals: Vec<(usize, Waker)>,
}

impl Hops {
    #[inline]
    pub(crate) fn new() -> Self {
        Hops(AtomicPtr::new(ptr::null_mut()))
    }

    /// Of one that is bound to this thread.
    pub(crate) fn bound() -> Self {
        Hops(AtomicPtr::new(bound_to_this_thread()))
    }

    #[inline]
    pub(crate) fn is_bound(&self) -> bool {
        self.0.load(Ordering::Relaxed).addr() & BOUND != 0
    }

    /// Whether it is bound to another thread than this.
    #[inline]
    pub(crate) fn is_bound_elsewhere(&self) -> bool {
        self.is_bound() && !ptr::eq(self.0.load(Ordering::Relaxed), bound_to_this_thread())
    }

    #[inline]
    fn table(&self) -> Option<&Mutex<Table>> {
        let word = self.0.load(Ordering::Acquire);
        // SAFETY: what is installed stays until the hops are dropped.
        if word.addr() & BOUND == 0 { unsafe { word.as_ref() } } else { None }
    }

    #[cold]
    fn make_table(&self) -> &Mutex<Table> {
        assert!(!self.is_bound(), "who is bound to a thread goes nowhere");
        if let Some(table) = self.table() {
            return table;
        }
        let fresh = Box::into_raw(Box::<Mutex<Table>>::default());
        match self.0.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: just made, and installed for as long as the hops are there.
            Ok(_) => unsafe { &*fresh },
            Err(installed) => {
                // SAFETY: `fresh` has not been shared; `installed` stays, as above.
                unsafe {
                    drop(Box::from_raw(fresh));
                    &*installed
                }
            }
        }
    }

    /// A slot for `dispatcher`, opened in the slot `origin`. `None` if all are taken by others. The slot
    /// `step` of the step under way, which may have been given back in it, is not given away: that step runs on
    /// the dispatcher that the slot had.
    pub(crate) fn open(&self, dispatcher: &Dispatcher, origin: usize, step: usize) -> Option<usize> {
        let mut table = self.make_table().lock();
        let slots = &mut table.slots;
        let shares = |slot: &Slot| slot.origin == origin && slot.dispatcher.as_ref() == Some(dispatcher);
        let free = || (0..slots.len()).find(|&at| slots[at].users == 0 && at + 1 != step);
        let at = slots.iter().position(shares).or_else(free)?;
        slots[at] = Slot { dispatcher: Some(dispatcher.clone()), users: slots[at].users + 1, origin };
        Some(at + 1)
    }

    /// Whether the slot `at` was opened inside `slot`: what runs there is reached through it.
    pub(crate) fn is_inside(&self, mut at: usize, slot: usize) -> bool {
        if at == 0 {
            return false; // home
        }
        let Some(table) = self.table() else { return false };
        let table = table.lock();
        while at != 0 && table.slots[at - 1].users > 0 {
            at = table.slots[at - 1].origin;
            if at == slot {
                return true;
            }
        }
        false
    }

    /// Gives a slot back.
    pub(crate) fn close(&self, slot: usize) {
        let closed = {
            let mut table = self.table().expect("the slot was opened").lock();
            let slot = &mut table.slots[slot - 1];
            slot.users -= 1;
            if slot.users == 0 { slot.dispatcher.take() } else { None }
        };
        drop(closed); // the last handle may close a dispatcher: not under the lock
    }

    /// The dispatcher of a slot that is open.
    pub(crate) fn dispatcher(&self, slot: usize) -> Option<Dispatcher> {
        self.table()?.lock().slots[slot.checked_sub(1)?].dispatcher.clone()
    }

    /// No slot has ever been opened.
    #[inline]
    pub(crate) fn is_home(&self) -> bool {
        self.table().is_none()
    }

    /// The one slot that is open, if it is just one.
    pub(crate) fn only_open(&self) -> Option<usize> {
        let table = self.table()?.lock();
        let mut open = table.slots.iter().enumerate().filter(|(_, slot)| slot.users > 0);
        let (at, _) = open.next()?;
        open.next().is_none().then_some(at + 1)
    }

    /// Wakes `waker` when the coroutine next begins a step in `slot`.
    pub(crate) fn on_arrival(&self, slot: usize, waker: Waker) {
        self.make_table().lock().arrivals.push((slot, waker));
    }

    /// A step begins in `slot`; the slot that it is in: one that has been given back since the step was
    /// dispatched ran at home.
    #[inline]
    pub(crate) fn arrive(&self, slot: usize) -> usize {
        if self.0.load(Ordering::Acquire).is_null() { 0 } else { self.arrive_from_afar(slot) }
    }

    #[cold]
    fn arrive_from_afar(&self, slot: usize) -> usize {
        self.table().map_or(0, |table| Self::arrive_in(table, slot))
    }

    fn arrive_in(table: &Mutex<Table>, slot: usize) -> usize {
        let (slot, due) = {
            let mut table = table.lock();
            let is_open = slot != 0 && table.slots[slot - 1].dispatcher.is_some();
            let slot = if is_open { slot } else { 0 };
            if table.arrivals.is_empty() {
                return slot;
            }
            let (due, left): (Vec<_>, Vec<_>) =
                std::mem::take(&mut table.arrivals).into_iter().partition(|(at, _)| *at == slot);
            table.arrivals = left;
            (slot, due)
        };
        for (_, waker) in due {
            unwind::contain("a waker", || waker.wake());
        }
        slot
    }
}

impl Drop for Hops {
    #[inline]
    fn drop(&mut self) {
        if !self.0.load(Ordering::Relaxed).is_null() {
            self.drop_table();
        }
    }
}

impl Hops {
    #[cold]
    fn drop_table(&mut self) {
        if !self.is_bound() {
            // SAFETY: installed by `make_table`, and nobody else has the hops any more.
            drop(unsafe { Box::from_raw(self.0.load(Ordering::Acquire)) });
        }
    }
}
